/**
 * What decodes the header blocks of one direction of an HTTP/2 connection (HPACK, RFC 7541). The decoder is a library
 * behind this port (docs/decisions/0025): parsers are handed it, so that they stay pure.
 */

/** One compression context, from a table that is empty on. */
export interface HeaderDecoder {
  /**
   * One fragment of a block, the last one or not: the fields that became whole with it, `mostBytes` of them at most.
   * Fields that are not given out are decoded all the same, for the sake of the table. Nothing is decoded after `failed`.
   */
  inflate(fragment: Uint8Array, isLast: boolean, mostBytes: number): DecodedFragment;
  /** Between blocks: how far the table may grow where its encoder says so. */
  allowTable(bytes: number): void;
  close(): void;
}

export interface DecodedFragment {
  /** Names and values by turns, as latin1. */
  readonly fields: readonly string[];
  /** Which of the fields (0 for the first) their sender wants in no table, because they are secret. */
  readonly neverIndexed: readonly number[];
  /** Of all fields, as RFC 9113, 6.5.2 counts a list of them. */
  readonly size: number;
  readonly failed: boolean;
  /** How large the table may be now. */
  readonly tableBytes: number;
}

/** Null where there is no decoder: then no header is known. */
export type CreateHeaderDecoder = () => HeaderDecoder | null;
