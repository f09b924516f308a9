/** What redaction leaves behind: the exchange without its secrets, and the ledger of what was taken where. */
import type { Exchange } from '../model/exchange';

/** One firing of a rule: `path` in the one path dialect, within the request or the response. */
export interface RedactionEntry {
  readonly in: 'request' | 'response';
  readonly path: string;
  readonly rule: string;
  /** What stands there now. The ledger, not the looks of a string, says what is a placeholder. */
  readonly placeholder: string;
}

declare const redacted: unique symbol;

/** Only `tape/redact` makes these; the tape's writer takes nothing else. */
export interface Redacted<T extends Exchange> {
  readonly [redacted]: true;
  readonly exchange: T;
  readonly entries: readonly RedactionEntry[];
}

/** False for a placeholder so short that any number or word may be the same by chance: what stands for the value of `page=1`. */
export function isUnlikeOthers(placeholder: string): boolean {
  return placeholder.length >= 4;
}
