/**
 * The text of a head, or of trailers, and where in it llhttp found names and values. Decoded once, then cut: a call into
 * the decoder for each field would cost more than all the rest of reading a message.
 */
import { memoisedLast, returned } from '../../../tape/memo';
import type { HeaderList } from '../../../tape/model/body';

/** Kinds of span: the target or the reason phrase; a field name; a piece of a field value. */
export const startSpan = 0;
export const nameSpan = 1;
export const valueSpan = 2;

export const noHeaders: HeaderList = [];

/** Characters of fields that a connection may keep between two messages. */
const rememberedLength = 2048;

export class HeadText {
  /** What earlier feeds held, and where the text begins in this feed (-1: none is being read). */
  private before = '';
  private start = -1;
  /** Triples of kind, start and end, counted from the start of the text; `count` numbers of them are in use. */
  private readonly spans: number[] = [];
  private count = 0;
  private last: { readonly fields: string; readonly headers: HeaderList } | null = null;

  get isEmpty(): boolean {
    return this.count === 0;
  }

  /** No field has begun. */
  get isStartAlone(): boolean {
    return this.count === 3 && this.spans[0] === startSpan;
  }

  clear(): void {
    this.before = '';
    this.start = -1;
    this.count = 0;
  }

  /** Notes a span at an offset of this feed; returns how long the text is by now. */
  add(kind: number, at: number, length: number): number {
    if (this.start < 0) this.start = at;
    const from = this.before.length + at - this.start;
    const { spans, count } = this;
    // One span in two pieces: the bytes came in two feeds.
    if (count > 0 && spans[count - 3] === kind && spans[count - 1] === from) spans[count - 1] = from + length;
    else this.push(kind, from, from + length);
    return from + length;
  }

  /** A feed ends: text goes on in the next one, and these bytes will be gone. Returns how long the text is by now. */
  keep(bytes: Uint8Array, end: number): number {
    if (this.start < 0) return 0;
    this.before += latin1(bytes, this.start, end);
    this.start = 0;
    return this.before.length;
  }

  /** The text as far as the last span reaches; what belongs to it of this feed is in `bytes`. */
  text(bytes: Uint8Array): string {
    const length = this.count > 0 ? (this.spans[this.count - 1] ?? 0) : 0;
    const here = length - this.before.length;
    return this.start < 0 || here <= 0 ? this.before : this.before + latin1(bytes, this.start, this.start + here);
  }

  /** The target or the reason phrase. */
  startText(text: string): string {
    return this.count > 0 && this.spans[0] === startSpan ? text.slice(this.spans[1], this.spans[2]) : '';
  }

  /** The list of before where its text comes again, as in most requests of a connection: whoever has seen it knows it then. */
  headers(text: string): HeaderList {
    const { spans, count } = this;
    const first = spans[0] === startSpan ? 3 : 0;
    if (count <= first) return noHeaders;
    const fields = text.slice(spans[first + 1]);
    const { last } = this;
    if (last !== null && last.fields === fields) return returned(last.headers);
    const headers = this.readHeaders(text, first, last?.headers ?? noHeaders);
    this.last = fields.length <= rememberedLength ? { fields, headers } : null;
    return headers;
  }

  /** A field that is at the same place as `before` says is that one: most differ from the list of before in a few values. */
  private readHeaders(text: string, first: number, before: HeaderList): HeaderList {
    const headers: (readonly [string, string])[] = [];
    const { spans, count } = this;
    for (let i = first; i < count; i += 3) {
      const nameAt = i;
      const valueAt = i + 3;
      let pieces = 0;
      while (i + 3 < count && spans[i + 3] === valueSpan) {
        i += 3;
        pieces++;
      }
      const known = before[headers.length];
      const name = this.cut(text, nameAt, known?.[0]);
      const value =
        pieces === 1 ? withoutTrailingSpace(this.cut(text, valueAt, known?.[1])) : this.joined(text, valueAt, pieces);
      headers.push(known !== undefined && known[0] === name && known[1] === value ? known : [name, value]);
    }
    return headers;
  }

  /** The text of a span: `known` itself where it is that. */
  private cut(text: string, span: number, known: string | undefined): string {
    const from = this.spans[span + 1] as number;
    const to = this.spans[span + 2] as number;
    return known !== undefined && known.length === to - from && text.startsWith(known, from)
      ? known
      : text.slice(from, to);
  }

  /** The pieces of a folded value keep their own space; only the line end between them is gone (RFC 9112 5.2). */
  private joined(text: string, span: number, pieces: number): string {
    let value = '';
    for (let i = 0; i < pieces; i++) value += this.cut(text, span + 3 * i, undefined);
    return withoutTrailingSpace(value);
  }

  private push(kind: number, from: number, to: number): void {
    this.spans[this.count] = kind;
    this.spans[this.count + 1] = from;
    this.spans[this.count + 2] = to;
    this.count += 3;
  }
}

/** Space around a value is not part of it (RFC 9112 5.1); llhttp leaves what is behind it. */
function withoutTrailingSpace(value: string): string {
  let end = value.length;
  while (end > 0 && isSpace(value.charCodeAt(end - 1))) end--;
  return end === value.length ? value : value.slice(0, end);
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9;
}

/** Events lie in one memory: a Buffer for each of them would cost as much as reading its text. */
const bufferOver = memoisedLast((memory: ArrayBufferLike) => Buffer.from(memory));

/** Bytes as characters, one each. */
function latin1(bytes: Uint8Array, start: number, end: number): string {
  const { buffer, byteOffset } = bytes;
  return bufferOver(buffer).toString('latin1', byteOffset + start, byteOffset + end);
}
