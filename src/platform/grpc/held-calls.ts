/** Calls of a server that its node may keep waiting: they come in, and answers go out, through a
 *  doorway. A call that waits is not known to the node yet, and nothing of it is acknowledged; one
 *  whose caller gave up meanwhile never comes in. grpc-js keeps the order within a call.
 *  Messages that come in are not held: streams are paused by whoever uses them. */
import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';

export interface Doorway {
  /** Calls back now or later, in order. */
  enter(callback: () => void): void;
  leave(callback: () => void): void;
}

export function heldCalls(doorway: Doorway): ServerInterceptor {
  return (_method, call) =>
    new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, goOn) => doorway.enter(() => goOn(metadata)),
        }),
      sendMetadata: (metadata, goOn) => doorway.leave(() => goOn(metadata)),
      sendMessage: (message, goOn) => doorway.leave(() => goOn(message)),
      sendStatus: (status, goOn) => doorway.leave(() => goOn(status)),
    });
}
