/** Every grpc-js setting that we rely on, with its reason. Found by reading grpc-js 1.14.7 and
 *  by measuring. */
import type { ChannelOptions } from '@grpc/grpc-js';
import { FRAME_BYTES_MAX } from '../../wire/frame-limits.ts';

/** A side that lost its peer without a word (power, cable) notices within 15 s; the failure
 *  detector avoids the peer long before. Shorter would cut links of a node that only pauses to
 *  collect garbage. */
const KEEPALIVE = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
} as const;

/** Bytes the server may have in flight to a client on one stream. grpc-js gives its own server
 *  no such setting, so that the other direction has HTTP/2's 64 KiB, less than a fast link with
 *  a long round trip could take. */
const CLIENT_WINDOW_BYTES = 1_024 * 1_024;

const SERVER_STREAMS_PER_CONNECTION_MAX = 1_000;

/** For a channel that carries frames or messages up to `messageBytesMax` toward the client. */
export function channelOptions(messageBytesMax: number): ChannelOptions {
  return {
    ...KEEPALIVE,
    'grpc.max_receive_message_length': messageBytesMax,
    'grpc.max_send_message_length': -1,
    'grpc-node.flow_control_window': CLIENT_WINDOW_BYTES,
    // A channel is one connection of its own: bulk never delays requests, and closing it leaves
    // nothing behind.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_channelz': 0,
    // Retries are ours to decide. The buffer kept for them would acknowledge its first MiB of
    // writes at once and so hide back-pressure: without it a write is done when flow control has
    // let it through.
    'grpc.enable_retries': 0,
    'grpc.per_rpc_retry_buffer_size': 0,
    // Peers are dialled directly, and no TXT record may configure us.
    'grpc.enable_http_proxy': 0,
    'grpc.service_config_disable_resolution': 1,
  };
}

export const SERVER_OPTIONS: ChannelOptions = {
  ...KEEPALIVE,
  // One limit for all services: the larger of the two. Sessions and unary calls have theirs checked
  // by us.
  'grpc.max_receive_message_length': FRAME_BYTES_MAX.link,
  'grpc.max_send_message_length': -1,
  'grpc.max_concurrent_streams': SERVER_STREAMS_PER_CONNECTION_MAX,
  'grpc.enable_channelz': 0,
};
