/** Reads the body of a live request whole, and names the bytes of a request. */
import { hash } from 'node:crypto';
import type { Answering } from './answering';
import type { HostName } from './answers';
import type { Asked } from './front/asked';
import type { Budget } from './front/limits';
import { isAboutTransport } from './match/fields';

export const noBody = Buffer.alloc(0);

interface BodyLimits {
  readonly bodyBytes: number;
  /** Of all bodies together. */
  readonly budget: Budget;
}

type ReadBody =
  /** `release` gives the room of the body back; more than once does no harm. */
  { readonly kind: 'whole'; readonly bytes: Buffer; release(): void } | { readonly kind: 'too-large' | 'no-room' };

/** Calls `done` once, and not at all when the client left. What is not taken is let pass unread. */
function readBody({ body }: Asked, limits: BodyLimits, done: (body: ReadBody) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  let isWhole = false;
  const release = (): void => {
    limits.budget.give(size);
    size = 0;
    chunks.length = 0;
  };
  const stop = (): void => {
    body.off('data', take).off('end', finish).off('close', left);
  };
  const refuse = (kind: 'too-large' | 'no-room'): void => {
    stop();
    body.resume();
    release();
    done({ kind });
  };
  const take = (chunk: Buffer): void => {
    if (size + chunk.length > limits.bodyBytes) refuse('too-large');
    else if (!limits.budget.take(chunk.length)) refuse('no-room');
    else {
      size += chunk.length;
      chunks.push(chunk);
    }
  };
  const finish = (): void => {
    isWhole = true;
    const bytes = chunks.length === 1 ? (chunks[0] ?? noBody) : Buffer.concat(chunks);
    done({ kind: 'whole', bytes, release });
  };
  // The client left in the middle: there is nobody to answer.
  const left = (): void => {
    if (!isWhole) release();
  };
  body.on('error', left);
  body.on('close', left);
  body.on('data', take);
  body.on('end', finish);
}

/** What a host does with a request whose body it reads whole. */
export interface WholeBody {
  /** Until it resolves, the body counts as one that is held. */
  answer(body: Buffer): void | Promise<void>;
  refuse(kind: 'too-large' | 'no-room'): void;
}

/** Reads the body under the limits of all mocks, and hands it over under their guard; at once where there is none. */
export function takeWhole(asked: Asked, answering: Answering, { answer, refuse }: WholeBody): void {
  if (!asked.hasBody) {
    void answer(noBody);
    return;
  }
  const { limits, budget, options } = answering;
  const take = (body: ReadBody): void => {
    if (body.kind !== 'whole') {
      refuse(body.kind);
      return;
    }
    // Sent on, a body is needed until the answer is there; otherwise only until it is matched.
    asked.reply.whenOver(body.release);
    const answered = answer(body.bytes);
    if (options.onMiss === 'passthrough') return;
    if (answered === undefined) body.release();
    else void answered.finally(body.release);
  };
  readBody(asked, { bodyBytes: limits.bodyBytes, budget }, (body) => answering.guard(asked, () => take(body)));
}

const shortBody = 4096;

export interface Wired {
  readonly host: HostName;
  readonly body: Buffer;
  /** Whether the recording says that answers depend on a field, by its lower-case name. */
  decides(name: string): boolean;
}

/** Equal only for requests to one host that ask the same thing in the same bytes and header fields, whichever version of HTTP carried them. */
export function wireKey(asked: Asked, { host, body, decides }: Wired): string {
  const start = `${host} ${asked.upstream} ${asked.method} ${asked.target}\n${fieldsText(asked, decides)}`;
  if (body.length === 0) return start;
  const coding = `${asked.header('content-encoding') ?? ''} ${asked.header('grpc-encoding') ?? ''}`;
  const content = body.length <= shortBody ? body.toString('latin1') : hash('sha256', body, 'base64');
  return `${start}\n${asked.header('content-type') ?? ''}\n${coding}\n${body.length}\n${content}`;
}

/** All but the fields that each request has of its own whatever it asks, unless the recording says that they decide. */
function fieldsText(asked: Asked, decides: Wired['decides']): string {
  const flat = asked.headers();
  let text = '';
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const { name, isOwn } = named(flat[i] ?? '');
    if (!isOwn || decides(name)) text += `${name}:${flat[i + 1]}\n`;
  }
  return text;
}

interface Named {
  /** In lower case. */
  readonly name: string;
  /** Whether each request has its own, whatever it asks. */
  readonly isOwn: boolean;
}

/** Names are few and come with every request; past this many they are looked at anew. */
const rememberedNames = 1000;
const names = new Map<string, Named>();

function named(text: string): Named {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = text.toLowerCase();
  const made = { name, isOwn: isAboutTransport(name) };
  if (names.size >= rememberedNames) names.clear();
  names.set(text, made);
  return made;
}
