import { describeTransport } from '../../conformance/transport.ts';
import { makeGrpcRig } from './grpc-rig.ts';

describeTransport('GrpcTransport', makeGrpcRig);
