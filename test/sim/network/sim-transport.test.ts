import { describeTransport } from '../../conformance/transport.ts';
import { makeSimRig } from './sim-rig.ts';

describeTransport('SimNetwork', makeSimRig);
