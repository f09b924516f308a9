/**
 * Undoes permessage-deflate (RFC 7692 7.2) for one direction, message by message. Between two messages it keeps what they
 * may refer back to, and nothing else; what a message unfolds to is bounded. Once a message is missing, those that would
 * refer to it are not guessed at.
 */
import { constants, inflateRawSync } from 'node:zlib';
import type { Problem } from '../../../tape/model/exchange';
import type { Budget } from '../../follow/budget';

export interface Inflated {
  /** In memory of their own, which is on the budget. */
  readonly bytes: Uint8Array;
  readonly problem: Problem | null;
}

/** The largest window of deflate: no message refers further back, whatever was agreed. */
const windowBytes = 32 * 1024;
/** RFC 7692 7.2.2: what the sender left out at the end. */
const tail = Uint8Array.of(0, 0, 0xff, 0xff);
/** RFC 1951: 258 bytes come of two bits at the best. */
const bestRatio = 1032;
/** zlib gives what it unfolds in chunks: small ones for small messages, of which there are many. */
const usualRatio = 4;
const leastChunk = 1024;
const mostChunk = 256 * 1024;
/** A message may be of several streams of deflate, each with an end; nobody is known to send more than one. */
const mostStreams = 16;
const nothing = new Uint8Array(0);

export class Inflater {
  private context: Uint8Array = nothing;
  private isLost = false;

  /** `takesOver`: each message may refer to those before it. */
  constructor(
    private readonly takesOver: boolean,
    private readonly limitBytes: number,
    private readonly budget: Budget,
  ) {}

  inflate(payload: Uint8Array): Inflated {
    if (this.isLost) return { bytes: nothing, problem: 'undecoded' };
    const whole = this.unfold(Buffer.concat([payload, tail]), this.limitBytes);
    if (whole === null || whole === 'too-long') return this.beginningOf(payload, whole);
    if (!this.budget.take(whole.length)) return this.fail('truncated');
    this.remember(whole);
    return { bytes: whole, problem: null };
  }

  /** A message is missing, or not whole. */
  lose(): void {
    if (this.takesOver) this.isLost = true;
    this.forget();
  }

  /** Gives back what it keeps. */
  forget(): void {
    this.budget.giveBack(this.context.length);
    this.context = nothing;
  }

  /** Null where the data is damaged. */
  private unfold(data: Uint8Array, limitBytes: number): Uint8Array | 'too-long' | null {
    const pieces: Uint8Array[] = [];
    let size = 0;
    let rest = data;
    for (let streams = 0; rest.length > 0; streams++) {
      if (streams === mostStreams) return null;
      const dictionary = lastOf([this.context, ...pieces]);
      const piece = inflateOne(rest, { dictionary, limitBytes: limitBytes - size });
      if (piece === null || piece === 'too-long') return piece;
      pieces.push(piece.bytes);
      size += piece.bytes.length;
      rest = rest.subarray(piece.read);
    }
    return Buffer.concat(pieces); // a copy, also of one: it lies at the beginning of a larger buffer
  }

  /** What is certain to fit of a message that unfolds to too much, or is damaged. */
  private beginningOf(payload: Uint8Array, why: 'too-long' | null): Inflated {
    if (why === null) return this.fail('parse-error');
    const beginning = this.unfold(payload.subarray(0, Math.floor(this.limitBytes / bestRatio)), this.limitBytes);
    const bytes = beginning === null || beginning === 'too-long' ? nothing : beginning;
    const kept = this.budget.take(bytes.length) ? bytes : nothing;
    return { ...this.fail('truncated'), bytes: kept };
  }

  private fail(problem: Problem): Inflated {
    this.lose();
    return { bytes: nothing, problem };
  }

  private remember(bytes: Uint8Array): void {
    if (!this.takesOver) return;
    const context = new Uint8Array(lastOf([this.context, bytes]));
    this.forget();
    if (this.budget.take(context.length)) this.context = context;
    else this.isLost = true;
  }
}

interface OneStream {
  readonly dictionary: Uint8Array;
  readonly limitBytes: number;
}

/** One stream of deflate from the beginning of the data, and how much of that it was. */
function inflateOne(
  data: Uint8Array,
  { dictionary, limitBytes }: OneStream,
): { bytes: Uint8Array; read: number } | 'too-long' | null {
  try {
    const chunkSize = Math.min(mostChunk, Math.max(leastChunk, data.length * usualRatio));
    const maxOutputLength = Math.max(1, limitBytes);
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength, chunkSize, info: true };
    const given = dictionary.length === 0 ? options : { ...options, dictionary };
    const { buffer, engine } = inflateRawSync(data, given) as unknown as InflateInfo;
    return engine.bytesWritten === 0 ? null : { bytes: buffer, read: engine.bytesWritten };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'too-long' : null;
  }
}

/** What zlib's one-shot functions return with `info`; the types know the buffer alone. */
interface InflateInfo {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/** The last bytes of all of them, as many as a window holds; of one long piece they are no copy. */
function lastOf(pieces: readonly Uint8Array[]): Uint8Array {
  const last = pieces.at(-1) ?? nothing;
  if (last.length >= windowBytes) return last.subarray(last.length - windowBytes);
  const said = pieces.filter((piece) => piece.length > 0);
  if (said.length <= 1) return said[0] ?? nothing;
  const all = Buffer.concat(said);
  return all.subarray(Math.max(0, all.length - windowBytes));
}
