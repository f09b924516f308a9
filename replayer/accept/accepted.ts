/**
 * An accepted value: what a case is expected to give at one place, in the place of what was recorded there. It is exact,
 * where a noise rule is silent: any other value is a difference, the recorded one too. Plain data, and how two are compared.
 */
import { createHash } from 'node:crypto';
import type { JsonValue } from '../../tape/json/json';
import { canonicalText } from '../../tape/json/values';
import type { Difference } from '../judge/difference';

/** What stands at a place: nothing, a value, or one that is too long to be written down and is known by its hash. */
export type Side =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'value'; readonly value: JsonValue }
  | { readonly kind: 'hash'; readonly excerpt: string; readonly sha256: string };

export const nothing: Side = { kind: 'nothing' };

export interface Accepted {
  /** How reports name it: `shop.accepted.yaml:3`. */
  readonly name: string;
  /** The lines of the file it takes, counted from 1. */
  readonly lines: { readonly from: number; readonly to: number };
  /** The id of the exchange on the tape. */
  readonly caseId: string;
  /** `POST /orders -> 201`: another one at the id is another case. */
  readonly caseName: string;
  /** As reports name the place. */
  readonly path: string;
  readonly recorded: Side;
  readonly accepted: Side;
  readonly because: string;
}

/** SHA-256 of the one text of equal values. */
export function digestOf(value: JsonValue): string {
  return createHash('sha256').update(canonicalText(value)).digest('hex');
}

export function isSameSide(a: Side, b: Side): boolean {
  if (a.kind === 'nothing' || b.kind === 'nothing') return a.kind === b.kind;
  return sideDigest(a) === sideDigest(b);
}

function sideDigest(side: Exclude<Side, { kind: 'nothing' }>): string {
  return side.kind === 'hash' ? side.sha256 : digestOf(side.value);
}

/** What a report shows of a side. */
export function shownSide(side: Side): JsonValue {
  if (side.kind === 'nothing') return null;
  return side.kind === 'hash' ? side.excerpt : side.value;
}

export function recordedSide({ kind, expected, whole }: Difference): Side {
  return kind === 'added' ? nothing : sideOf(expected, whole?.expected);
}

/** In terms that outlast the run. */
export function liveSide({ kind, actual, lasting = actual, whole }: Difference): Side {
  return kind === 'removed' ? nothing : sideOf(lasting, whole?.actual);
}

function sideOf(value: JsonValue, sha256: string | undefined): Side {
  if (sha256 === undefined) return { kind: 'value', value };
  return { kind: 'hash', excerpt: typeof value === 'string' ? value : canonicalText(value), sha256 };
}

/** Accepted values by their case. */
export class AcceptedValues {
  private readonly byCase: ReadonlyMap<string, readonly Accepted[]>;

  constructor(readonly all: readonly Accepted[]) {
    this.byCase = Map.groupBy(all, ({ caseId }) => caseId);
  }

  of(caseId: string): readonly Accepted[] {
    return this.byCase.get(caseId) ?? [];
  }
}
