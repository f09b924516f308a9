/** A conversation of grpc-js with itself over loopback, and every byte of it as turns. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import {
  type ChannelOptions,
  Client,
  credentials,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { client, closes, server, type Turn } from './converse';

export interface GrpcTalk {
  readonly service: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
  readonly options?: ChannelOptions;
  /** Calls; resolves once all is said. */
  call(client: Client): Promise<unknown>;
}

/** Bytes as they are, which is what a recorder knows of them. */
export function method(path: string, streams: { request?: boolean; response?: boolean } = {}) {
  const same = (bytes: Buffer) => bytes;
  return {
    path,
    requestStream: streams.request === true,
    responseStream: streams.response === true,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}

/** A server on a port that the system chose. */
export async function serveGrpc({ service, implementation, options = {} }: Omit<GrpcTalk, 'call'>) {
  const server = new Server(options);
  server.addService(service, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, close: () => server.forceShutdown() };
}

export async function talkGrpc({ call, ...served }: GrpcTalk): Promise<readonly Turn[]> {
  const turns: Turn[] = [];
  const answering = await serveGrpc(served);
  const tap = await tapped(answering.port, turns);
  const asking = new Client(`127.0.0.1:${tap.port}`, credentials.createInsecure(), served.options);
  try {
    await call(asking);
  } finally {
    asking.close();
    answering.close();
    await tap.close();
  }
  return [...turns, closes()];
}

/** A port in front of another one, whose bytes become turns. */
export async function tapped(port: number, turns: Turn[]) {
  const tap = createServer((near) => relay(near, connect(port, '127.0.0.1'), turns));
  tap.listen(0, '127.0.0.1');
  await once(tap, 'listening');
  return {
    port: (tap.address() as AddressInfo).port,
    async close(): Promise<void> {
      tap.close();
      await once(tap, 'close');
    },
  };
}

function relay(near: Socket, far: Socket, turns: Turn[]): void {
  const pass = (from: Socket, to: Socket, said: (bytes: Buffer) => Turn) => {
    from.on('data', (bytes: Buffer) => {
      turns.push(said(Buffer.from(bytes)));
      to.write(bytes);
    });
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  };
  pass(near, far, client);
  pass(far, near, server);
}
