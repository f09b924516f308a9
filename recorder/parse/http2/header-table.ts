/**
 * The header blocks of one direction, decoded in the order of the wire. Where blocks before are missing the table holds
 * entries nobody knows: they count from the newest on, so that what was added since can be told from them, and a field
 * that needs one of them is left out and said to be missing. Never gives out a field that is not known (docs/decisions/0026).
 */
import type { HeaderList } from '../../../tape/model/body';
import type { Budget } from '../../follow/budget';
import type { CreateHeaderDecoder, DecodedFragment, HeaderDecoder } from '../header-decoder';
import { problemBits } from '../problems';

/** Where neither side says otherwise (RFC 9113, 6.5.2). */
const usualTableBytes = 4096;
/** No encoder that is known uses more. */
const longestTableBytes = 1024 * 1024;

/** The name of an entry nobody knows: no field has it (RFC 9113, 8.2.1). */
const unknownName = '\0';
/** Adds one such entry: literal with indexing, a new name of one byte, an empty value (RFC 7541, 6.2.1). */
const unknownEntry = Buffer.from([0x40, 1, 0, 0]);
const unknownEntryBytes = 1 + 32;
/** As many as a table of the usual size holds: encoders keep at that, whatever their peer would allow. */
const unknownTable = Buffer.concat(Array(Math.floor(usualTableBytes / unknownEntryBytes)).fill(unknownEntry));

const nothing = new Uint8Array(0);

export interface HeaderBlock {
  readonly fields: HeaderList;
  /** Bits of `problemBits`: why fields are missing; 0 where all are there. */
  readonly problems: number;
}

export class HeaderTable {
  private decoder: HeaderDecoder | null = null;
  /** True while everything that was ever added to the table was seen. */
  private isKnown: boolean;
  /** Why it is not, and nothing else went wrong. */
  private doubt: number;
  private allowedBytes = usualTableBytes;
  /** What the decoder was told of it: it takes that between blocks only. */
  private toldBytes = usualTableBytes;
  private inBlock = false;
  /** Of the decoder's table, on the budget. */
  private chargedBytes = 0;
  /** The block in hand. */
  private fields: [string, string][] = [];
  private size = 0;
  private problems = 0;
  /** All of it is with the decoder. */
  private isFed = false;

  /** `missed`: bits of `problemBits` where the beginning of the connection was missed, 0 where it was seen. */
  constructor(
    private readonly create: CreateHeaderDecoder,
    private readonly budget: Budget,
    private readonly headBytes: number,
    missed: number,
  ) {
    this.isKnown = missed === 0;
    this.doubt = missed;
  }

  /** The connection begins here. */
  begin(): void {
    this.close();
    this.isKnown = true;
    this.doubt = 0;
  }

  /** One fragment of a block. */
  feed(bytes: Uint8Array, isLast: boolean): void {
    this.isFed = isLast;
    if (this.problems === 0 || this.problems === problemBits.truncated) this.take(this.inflate(bytes, isLast));
  }

  /** The block is whole. */
  finish(): HeaderBlock {
    // The last fragment may have been empty, or all padding.
    if (!this.isFed) this.feed(nothing, true);
    const fields = this.fields.filter(([name]) => name !== unknownName);
    if (fields.length < this.fields.length) this.problems |= problemBits['undecodable-headers'] | this.doubt;
    const block = { fields, problems: this.problems };
    this.beginBlock();
    return block;
  }

  /** Blocks, or a part of the one in hand, are missing. */
  forget(problem: number): void {
    this.close();
    this.beginBlock();
    this.isKnown = false;
    this.doubt = problem;
  }

  /** What the other side allows. It may take it back, and only the encoder says when that holds: the most counts. */
  allow(bytes: number): void {
    if (bytes <= this.allowedBytes) return;
    this.allowedBytes = Math.min(bytes, longestTableBytes);
  }

  close(): void {
    this.decoder?.close();
    this.decoder = null;
    this.inBlock = false;
    this.budget.giveBack(this.chargedBytes);
    this.chargedBytes = 0;
  }

  private inflate(bytes: Uint8Array, isLast: boolean): DecodedFragment | null {
    this.decoder ??= this.open();
    if (!this.inBlock && this.allowedBytes > this.toldBytes) {
      this.toldBytes = this.allowedBytes;
      this.decoder?.allowTable(this.allowedBytes);
    }
    this.inBlock = !isLast;
    return this.decoder?.inflate(bytes, isLast, this.headBytes - this.size) ?? null;
  }

  private open(): HeaderDecoder | null {
    const decoder = this.create();
    if (decoder === null) return null;
    if (!this.isKnown) decoder.inflate(unknownTable, true, 0);
    this.toldBytes = usualTableBytes;
    return decoder;
  }

  private take(fragment: DecodedFragment | null): void {
    if (fragment === null || fragment.failed) {
      this.fail(fragment !== null && this.isKnown ? problemBits['parse-error'] : this.doubt);
      return;
    }
    const { fields, size, tableBytes } = fragment;
    for (let i = 0; i + 1 < fields.length; i += 2) this.fields.push([fields[i] ?? '', fields[i + 1] ?? '']);
    this.size += size;
    if (this.size > this.headBytes) this.problems |= problemBits.truncated;
    if (tableBytes !== this.chargedBytes && !this.charge(tableBytes)) this.fail(problemBits.truncated);
  }

  private charge(bytes: number): boolean {
    if (bytes > this.chargedBytes && !this.budget.take(bytes - this.chargedBytes)) return false;
    if (bytes < this.chargedBytes) this.budget.giveBack(this.chargedBytes - bytes);
    this.chargedBytes = bytes;
    return true;
  }

  /** Nothing of this block is certain any more, and what it added to the table after the place where it failed is missing. */
  private fail(because: number): void {
    this.forget(because);
    this.problems = problemBits['undecodable-headers'] | because;
  }

  private beginBlock(): void {
    this.fields = [];
    this.size = 0;
    this.problems = 0;
    this.isFed = false;
  }
}
