/** Calls of gRPC as a recorder would have kept them, and a real client that asks mocks for them. */
import { Client, type ClientOptions, credentials, type Metadata, type StatusObject } from '@grpc/grpc-js';
import type { StoredExchange } from '../../tape/store/tape';
import { converseWith, type Turn } from './converse';
import { type GrpcTalk, talkGrpc } from './grpc-talk';

export const upstream = 'payments:8080';

export interface CallRecording extends GrpcTalk {
  readonly tls?: boolean;
  /** What the recorder saw of it, such as with more time between two turns. */
  seen?(turns: readonly Turn[]): readonly Turn[];
}

/** Holds a conversation with a real server; outbound exchanges to `payments:8080` are what is left of it. */
export async function recordCalls(recording: CallRecording): Promise<StoredExchange[]> {
  const { tls = false, seen = (turns) => turns, options = {} } = recording;
  const turns = await talkGrpc({ ...recording, options: { 'grpc.default_authority': upstream, ...options } });
  const { exchanges } = converseWith({ role: 'outbound', remote: '10.0.0.7:8080' }, ...seen(turns));
  return exchanges.map((exchange, i) => {
    const connection = { ...exchange.connection, tls: tls ? { library: 'openssl' } : null };
    const common = { session: 1, connectionId: '1', causeId: null, redacted: [] };
    return { ...common, id: String(i + 1), exchange: { ...exchange, connection } } as unknown as StoredExchange;
  });
}

const same = (bytes: Buffer): Buffer => bytes;

/** What every kind of call is on the wire: messages both ways, as the client likes. */
export interface OpenCall {
  say(bytes: Uint8Array): void;
  end(): void;
  cancel(): void;
  /** The next message that nobody has heard; the status where the call is over. */
  hear(): Promise<Buffer | StatusObject>;
  readonly status: Promise<StatusObject>;
  readonly metadata: Promise<Metadata>;
}

export function openCall(client: Client, path: string, deadlineMs?: number): OpenCall {
  const options = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
  const call = client.makeBidiStreamRequest(path, same, same, options);
  const heard: (Buffer | StatusObject)[] = [];
  const waiting: ((what: Buffer | StatusObject) => void)[] = [];
  const keep = (what: Buffer | StatusObject): void => {
    const next = waiting.shift();
    if (next === undefined) heard.push(what);
    else next(what);
  };
  call.on('error', () => undefined);
  call.on('data', keep);
  call.on('status', keep);
  return {
    say: (bytes) => void call.write(Buffer.from(bytes)),
    end: () => void call.end(),
    cancel: () => call.cancel(),
    async hear() {
      const known = heard.shift();
      return known ?? new Promise((resolve) => waiting.push(resolve));
    },
    status: new Promise((resolve) => call.on('status', resolve)),
    metadata: new Promise((resolve) => call.on('metadata', resolve)),
  };
}

export interface Told {
  readonly messages: readonly string[];
  readonly code: number;
  readonly details: string;
  readonly trailers: Metadata;
}

/** Says all of it at once, and hears everything. */
export async function askCall(client: Client, path: string, ...said: readonly Uint8Array[]): Promise<Told> {
  const call = openCall(client, path);
  for (const bytes of said) call.say(bytes);
  call.end();
  return allOf(call);
}

export async function allOf(call: OpenCall): Promise<Told> {
  const messages: string[] = [];
  for (let next = await call.hear(); ; next = await call.hear()) {
    if ('code' in next) {
      return { messages, code: next.code, details: next.details, trailers: next.metadata };
    }
    messages.push(next.toString('hex'));
  }
}

/** A channel to the port of one upstream. */
export function openChannel(url: string, ca: string, options: ClientOptions = {}): Client {
  const { host, protocol } = new URL(url);
  const trust = protocol === 'https:' ? credentials.createSsl(Buffer.from(ca)) : credentials.createInsecure();
  const named = { 'grpc.ssl_target_name_override': 'payments', 'grpc.default_authority': upstream };
  return new Client(host, trust, { ...named, 'grpc.use_local_subchannel_pool': 1, ...options });
}
