/** Paths and codecs of every method, for both sides. gRPC itself only ever moves bytes: unary
 *  messages are encoded and decoded here by the generated codecs (so that a message that cannot
 *  be decoded is a CoterieError like any other), stream frames by whoever uses the stream. A
 *  test holds this table to the proto files that reflection.ts loads. */
import type { StreamService } from '../../env/transport.ts';
import * as admin from '../../wire/generated/coterie/v1/admin.ts';
import * as kv from '../../wire/generated/coterie/v1/kv.ts';

/** What ts-proto generates for one message. */
export interface MessageCodec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

export interface UnaryMethod<Request, Reply> {
  readonly path: string;
  readonly request: MessageCodec<Request>;
  readonly reply: MessageCodec<Reply>;
}

export const KV_SERVICE = 'coterie.v1.KV';
export const ADMIN_SERVICE = 'coterie.v1.Admin';
export const PEER_SERVICE = 'coterie.v1.Peer';
export const GOSSIP_SERVICE = 'coterie.v1.Gossip';

export const KV_METHODS = {
  get: unary(`/${KV_SERVICE}/Get`, kv.GetRequest, kv.GetReply),
  put: unary(`/${KV_SERVICE}/Put`, kv.PutRequest, kv.PutReply),
  delete: unary(`/${KV_SERVICE}/Delete`, kv.DeleteRequest, kv.DeleteReply),
} as const;

export const ADMIN_METHODS = {
  status: unary(`/${ADMIN_SERVICE}/Status`, admin.StatusRequest, admin.StatusReply),
  layout: unary(`/${ADMIN_SERVICE}/Layout`, admin.LayoutQuery, admin.LayoutAnswer),
  reserve: unary(`/${ADMIN_SERVICE}/Reserve`, admin.ReserveRequest, admin.ReserveReply),
  adopt: unary(`/${ADMIN_SERVICE}/Adopt`, admin.AdoptRequest, admin.AdoptReply),
  repairStatus: unary(
    `/${ADMIN_SERVICE}/RepairStatus`,
    admin.RepairStatusRequest,
    admin.RepairStatusReply,
  ),
  repair: unary(`/${ADMIN_SERVICE}/Repair`, admin.RepairRequest, admin.RepairReply),
  legs: unary(`/${ADMIN_SERVICE}/Legs`, admin.LegsRequest, admin.LegsReply),
} as const;

export const STREAM_PATHS: Readonly<Record<StreamService, string>> = {
  link: `/${PEER_SERVICE}/Link`,
  bulk: `/${PEER_SERVICE}/Bulk`,
  session: `/${KV_SERVICE}/Session`,
  gossip: `/${GOSSIP_SERVICE}/Exchange`,
};

/** grpc-js wants a Buffer on both sides; this is a view, not a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A plain array on the same memory: its parts are several times cheaper to make than those of a
 *  Buffer, and code that meets one kind of array runs faster than code that meets two. */
export function asBytes(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function unary<Request, Reply>(
  path: string,
  request: MessageCodec<Request>,
  reply: MessageCodec<Reply>,
): UnaryMethod<Request, Reply> {
  return { path, request, reply };
}
