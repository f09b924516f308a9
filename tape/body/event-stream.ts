/**
 * An event stream (WHATWG HTML 9.2.6) as blocks: what stands up to an empty line. A block is read into what it says, its
 * data and its fields, and written back byte for byte, however it was laid out. Never throws; refuses to lose a byte.
 */
import type { HeaderList } from '../model/body';
import type { Message, MessageFacts } from '../model/message';
import { mediaTypeOf } from './media-type';

/**
 * `event`: with data. `comment`: without, so that nothing is dispatched; comments that keep a connection open are blocks
 * of this kind. `partial`: no whole block, because its beginning or its end is missing.
 */
export type BlockKind = 'event' | 'comment' | 'partial';

export interface Block {
  readonly kind: BlockKind;
  /**
   * `event`, `id` and `retry`, where they were given. `layout` where the block is not written in the usual way: its lines,
   * with … for values. `verbatim` where no layout would give its bytes back: then all of it is in `bytes`.
   */
  readonly facts: MessageFacts;
  /** The data, its lines joined by LF; of anything but an event, and of one that is verbatim, the block as it was. */
  readonly bytes: Uint8Array;
}

export const eventStreamType = 'text/event-stream';

export function isEventStream(headers: HeaderList): boolean {
  return mediaTypeOf(headers).essence === eventStreamType;
}

/** Reads one whole block. Only the first of a stream may begin with a byte order mark. */
export function readBlock(bytes: Uint8Array, isFirst: boolean): Block {
  if (hasManyLines(bytes)) return { kind: 'event', facts: { verbatim: true }, bytes };
  const text = latin1(bytes);
  const fields = fieldsIn(text, isFirst);
  const facts = factsIn(fields);
  const data = fields.filter(({ name }) => name === 'data').map(({ value }) => value);
  if (data.length === 0) return { kind: 'comment', facts, bytes };
  const said = Buffer.from(data.join('\n'), 'latin1');
  if (blockText({ facts, bytes: said }) === text) return { kind: 'event', facts, bytes: said };
  const laidOut = { ...facts, layout: layoutOf(fields) };
  if (blockText({ facts: laidOut, bytes: said }) === text) return { kind: 'event', facts: laidOut, bytes: said };
  return { kind: 'event', facts: { ...facts, verbatim: true }, bytes };
}

/** Nobody writes more into an event; taken apart, a block of nothing but lines is many times its size. */
const mostLines = 10_000;
const longestLayout = 1024 * 1024;

function hasManyLines(bytes: Uint8Array): boolean {
  let lines = 0;
  for (let i = 0; i < bytes.length && lines <= mostLines; i++) {
    if (bytes[i] === lineFeed || bytes[i] === carriageReturn) lines++;
  }
  return lines > mostLines;
}

/** The bytes of a block as they were on the wire. */
export function blockBytes({
  kind,
  facts,
  bytes,
}: Pick<Message, 'kind' | 'facts'> & { bytes: Uint8Array }): Uint8Array {
  if (kind !== 'event' || facts.verbatim === true) return bytes;
  return Buffer.from(blockText({ facts, bytes }), 'latin1');
}

/** The stream that messages were made of. */
export function streamOf(messages: readonly Message[]): Uint8Array {
  return Buffer.concat(messages.map(({ kind, facts, body }) => blockBytes({ kind, facts, bytes: body.bytes })));
}

/** Cuts a stream that is there in full; what is left behind the last empty line is a `partial`. */
export function blocksIn(bytes: Uint8Array): readonly Block[] {
  const ends = new BlockEnds();
  const blocks: Block[] = [];
  let start = 0;
  for (let end = ends.find(bytes, start, bytes.length); end >= 0; end = ends.find(bytes, start, bytes.length)) {
    blocks.push(readBlock(bytes.subarray(start, end), start === 0));
    start = end;
  }
  if (start === bytes.length) return blocks;
  const rest = bytes.subarray(start);
  return [...blocks, ends.isAtEnd ? readBlock(rest, start === 0) : { kind: 'partial', facts: {}, bytes: rest }];
}

const lineFeed = 10;
const carriageReturn = 13;

/** Finds where blocks end in a stream that comes in pieces. */
export class BlockEnds {
  private lineIsEmpty = true;
  private hasLines = false;
  private afterReturn = false;
  /** The block ended with a carriage return, to which a line feed may belong. */
  isAtEnd = false;

  /** The offset behind the end of the block, or -1: it is not among these bytes. */
  find(bytes: Uint8Array, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      const byte = bytes[at];
      if (this.isAtEnd) {
        this.begin();
        return byte === lineFeed ? at + 1 : at;
      }
      if (byte === lineFeed && this.afterReturn) this.afterReturn = false;
      else if (byte === lineFeed || byte === carriageReturn) {
        this.afterReturn = byte === carriageReturn;
        if (this.lineEnds() && byte === lineFeed) {
          this.begin();
          return at + 1;
        }
      } else {
        this.lineIsEmpty = false;
        this.hasLines = true;
        this.afterReturn = false;
      }
    }
    return -1;
  }

  /** Bytes are missing: whether the line they end in is empty is not known. */
  skip(): void {
    this.lineIsEmpty = false;
    this.hasLines = true;
    this.afterReturn = false;
    this.isAtEnd = false;
  }

  begin(): void {
    this.lineIsEmpty = true;
    this.hasLines = false;
    this.afterReturn = false;
    this.isAtEnd = false;
  }

  /** True where it was the empty line that ends the block. */
  private lineEnds(): boolean {
    const isEnd = this.lineIsEmpty && this.hasLines;
    this.lineIsEmpty = true;
    this.isAtEnd = isEnd && this.afterReturn;
    return isEnd;
  }
}

/** A line of a block; all text is bytes read as latin1. */
interface Field {
  /** '' for comments, empty lines, and what means nothing. */
  readonly name: 'data' | 'event' | 'id' | 'retry' | '';
  readonly value: string;
  readonly line: string;
  /** The line without its value and its end, and that end. */
  readonly before: string;
  readonly end: string;
}

const byteOrderMark = '\xef\xbb\xbf';

function fieldsIn(text: string, isFirst: boolean): readonly Field[] {
  const lines = text.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? [];
  return lines.map((line, i) =>
    fieldOf(line, isFirst && i === 0 && line.startsWith(byteOrderMark) ? byteOrderMark : ''),
  );
}

function fieldOf(line: string, mark: string): Field {
  const end = /[\r\n]*$/.exec(line)?.[0] ?? '';
  const plain = line.slice(mark.length, line.length - end.length);
  const found = /^(data|event|id|retry)(?:: ?|$)/.exec(plain);
  if (found === null) return { name: '', value: '', line, before: line, end: '' };
  const value = plain.slice(found[0].length);
  const name = found[1] as Field['name'];
  const isIgnored = (name === 'id' && value.includes('\0')) || (name === 'retry' && !/^\d+$/.test(value));
  if (isIgnored) return { name: '', value: '', line, before: line, end: '' };
  return { name, value, line, before: mark + found[0], end };
}

/** The last one of each counts. */
function factsIn(fields: readonly Field[]): MessageFacts {
  const last = (name: Field['name']) => fields.findLast((field) => field.name === name)?.value;
  const [event, id, retry] = [last('event'), last('id'), last('retry')];
  return {
    ...(event === undefined ? {} : { event: readable(event) }),
    ...(id === undefined ? {} : { id: readable(id) }),
    ...(retry === undefined ? {} : { retry: Number(retry) }),
  };
}

const value = '…';

function layoutOf(fields: readonly Field[]): string {
  return fields
    .map((field) => (field.name === '' ? readable(field.line) : readable(field.before) + value + field.end))
    .join('');
}

/** How most servers write an event. */
function usualLayout(facts: MessageFacts, dataLines: number): string {
  const fields = ['id', 'event', 'retry'].filter((name) => facts[name] !== undefined);
  return `${[...fields, ...Array<string>(dataLines).fill('data')].map((name) => `${name}: ${value}\n`).join('')}\n`;
}

/** As latin1. */
function blockText({ facts, bytes }: Pick<Block, 'facts' | 'bytes'>): string {
  const data = latin1(bytes).split('\n');
  const { layout: given } = facts;
  const isLaidOut = typeof given === 'string' && given.length <= longestLayout;
  const layout = isLaidOut ? given : usualLayout(facts, data.length);
  const lines = layout.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? [];
  const places = lines.map((line) => /^(\ufeff?(data|event|id|retry)(?:: ?)?)…([\r\n]*)$/.exec(line));
  const lastData = places.findLastIndex((place) => place?.[2] === 'data');
  let at = 0;
  return lines
    .map((line, i) => {
      const [, before = '', name = '', end = ''] = places[i] ?? [];
      if (name === '') return wire(line);
      if (name !== 'data') return wire(`${before}${facts[name] ?? ''}${end}`);
      // Redaction may have left data of fewer lines, or of more.
      const own = data.slice(at, i === lastData ? undefined : at + 1);
      at += own.length;
      return own.map((text) => wire(before) + text + end).join('');
    })
    .join('');
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** Text as people read it: what is no UTF-8 becomes what does not come back, and shows where the block is compared. */
function readable(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}

function wire(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
