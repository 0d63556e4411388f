/** A gRPC client that knows nothing of Coterie but proto files: what a probe, grpcurl or a program
 *  in another language sees of a node. */
import {
  Client,
  credentials,
  type MethodDefinition,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const DEADLINE_MS = 10_000;

export class ForeignClient implements Disposable {
  readonly #client: Client;
  readonly #service: ServiceDefinition;

  /** `service`: its full name, declared by `file`. */
  constructor(address: string, service: string, file: string, includeDirs: string[] = []) {
    this.#client = new Client(address, credentials.createInsecure());
    const options = { includeDirs, keepCase: true, enums: String, longs: Number, defaults: true };
    this.#service = loadSync(file, options)[service] as ServiceDefinition;
  }

  /** One unary call; rejects with gRPC's own ServiceError. */
  call(method: string, request: object): Promise<Record<string, unknown>> {
    const { path, requestSerialize, responseDeserialize } = this.#method(method);
    return new Promise((resolve, reject) => {
      const answered = (error: ServiceError | null, reply?: object): void => {
        if (error === null) resolve({ ...reply });
        else reject(error);
      };
      const options = { deadline: Date.now() + DEADLINE_MS };
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        options,
        answered,
      );
    });
  }

  /** One question on a bidirectional stream, and its first answer. */
  ask(method: string, request: object): Promise<Record<string, unknown>> {
    const { path, requestSerialize, responseDeserialize } = this.#method(method);
    const options = { deadline: Date.now() + DEADLINE_MS };
    const stream = this.#client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      options,
    );
    return new Promise((resolve, reject) => {
      stream.on('data', (reply: object) => {
        resolve({ ...reply });
        stream.end();
      });
      stream.on('error', reject);
      stream.write(request);
    });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  #method(name: string): MethodDefinition<object, object> {
    const method = this.#service[name];
    if (method === undefined) throw new Error(`The service has no method ${name}`);
    return method;
  }
}
