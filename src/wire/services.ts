/** What a node offers to whatever carries calls to it (platform/grpc, the simulator). Streams carry
 *  encoded frames; unary calls carry generated messages. Every method rejects with a CoterieError
 *  and nothing else. */
import type { StreamAcceptor } from '../env/transport.ts';
import type {
  AdoptReply,
  AdoptRequest,
  LayoutAnswer,
  LayoutQuery,
  LegsReply,
  LegsRequest,
  RepairReply,
  RepairRequest,
  RepairStatusReply,
  RepairStatusRequest,
  ReserveReply,
  ReserveRequest,
  StatusReply,
  StatusRequest,
} from './generated/coterie/v1/admin.ts';
import type {
  DeleteReply,
  DeleteRequest,
  GetReply,
  GetRequest,
  PutReply,
  PutRequest,
} from './generated/coterie/v1/kv.ts';

export interface KvService {
  get(request: GetRequest, signal?: AbortSignal): Promise<GetReply>;
  put(request: PutRequest, signal?: AbortSignal): Promise<PutReply>;
  delete(request: DeleteRequest, signal?: AbortSignal): Promise<DeleteReply>;
}

export interface AdminService {
  status(request: StatusRequest): Promise<StatusReply>;
  layout(request: LayoutQuery): Promise<LayoutAnswer>;
  reserve(request: ReserveRequest): Promise<ReserveReply>;
  adopt(request: AdoptRequest): Promise<AdoptReply>;
  repairStatus(request: RepairStatusRequest): Promise<RepairStatusReply>;
  repair(request: RepairRequest): Promise<RepairReply>;
  legs(request: LegsRequest): Promise<LegsReply>;
}

export interface NodeServices {
  readonly kv: KvService;
  readonly admin: AdminService;
  readonly accept: StreamAcceptor;
  /** For health checks: does the node serve data now. */
  isServing(): boolean;
  /** Calls back on every change of `isServing`; returns what ends the subscription. */
  onServingChange(listener: (serving: boolean) => void): () => void;
}
