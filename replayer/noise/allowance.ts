/**
 * How far a noise rule lets a place differ, where it does not let everything pass: `order: any`, `tolerance: 1%`,
 * `one-of: [a, b]`, `matches: '^ord_\d+$'`. Pure.
 */
import { type Expression, findsIn, readExpression } from '../../tape/expression';
import { JsonNumber, type JsonValue } from '../../tape/json/json';
import { equalJson } from '../../tape/json/values';

export type Allowance =
  | { readonly kind: 'anything' }
  /** The elements of an array may come in any order. */
  | { readonly kind: 'order' }
  /** A number may lie as far off as `by`: of its own unit, or in hundredths of the recorded one. */
  | { readonly kind: 'tolerance'; readonly by: number; readonly percent: boolean }
  | { readonly kind: 'one-of'; readonly values: readonly JsonValue[] }
  | { readonly kind: 'matches'; readonly expression: Expression };

export const allowanceKeys = ['order', 'tolerance', 'one-of', 'matches'] as const;
export type AllowanceKey = (typeof allowanceKeys)[number];

/** What stands at one place on the tape and in this run; undefined where it is not there. */
export interface TwoValues {
  readonly kind: string;
  readonly expected: JsonValue | undefined;
  readonly actual: JsonValue | undefined;
}

/** Why a text is no allowance, for the message that refuses the rule. */
export type Refused = { readonly refused: string };

/** Reads the value of one of `allowanceKeys`, as YAML gives it. */
export function allowanceFrom(key: AllowanceKey, value: unknown): Allowance | Refused {
  if (key === 'order') return value === 'any' ? { kind: 'order' } : { refused: '`order` can only be any' };
  if (key === 'tolerance') return toleranceFrom(value);
  return key === 'one-of' ? valuesFrom(value) : patternFrom(value);
}

function toleranceFrom(value: unknown): Allowance | Refused {
  const found = /^(\d+(?:\.\d+)?)(\s?%)?$/.exec(String(value));
  if (found === null) return { refused: '`tolerance` is neither a number nor a percentage, such as 0.01 or 5%' };
  return { kind: 'tolerance', by: Number(found[1]), percent: found[2] !== undefined };
}

function valuesFrom(value: unknown): Allowance | Refused {
  const isScalar = (each: unknown) => each === null || ['string', 'number', 'boolean'].includes(typeof each);
  if (!Array.isArray(value) || value.length === 0 || !value.every(isScalar)) {
    return { refused: '`one-of` is not a list of texts, numbers, true, false or null' };
  }
  return { kind: 'one-of', values: value as JsonValue[] };
}

function patternFrom(value: unknown): Allowance | Refused {
  if (typeof value !== 'string') return { refused: '`matches` is not a text' };
  const read = readExpression(value);
  if (read.kind === 'read') return { kind: 'matches', expression: read.expression };
  return { refused: `\`matches\` is no regular expression that RE2 reads: ${read.why}` };
}

/** True where the difference is within what the rule allows. */
export function allows(allowance: Allowance, { kind, expected, actual }: TwoValues): boolean {
  if (allowance.kind === 'anything') return true;
  if (allowance.kind === 'order') return kind === 'reordered';
  if (actual === undefined) return false;
  if (allowance.kind === 'one-of') return allowance.values.some((value) => equalJson(value, actual));
  if (allowance.kind === 'matches') return isText(actual) && findsIn(allowance.expression, textOf(actual));
  return kind === 'changed' && isWithin(allowance, numberOf(expected), numberOf(actual));
}

function isWithin(
  { by, percent }: { readonly by: number; readonly percent: boolean },
  expected: number,
  actual: number,
): boolean {
  const most = percent ? (Math.abs(expected) * by) / 100 : by;
  // What two doubles lie apart is rounded: 0.3 and 0.2 are 0.1 apart for people. NaN is within nothing.
  return Math.abs(actual - expected) <= most + Number.EPSILON * Math.max(Math.abs(expected), Math.abs(actual));
}

/** NaN for what is no number, nor a text that is one. */
function numberOf(value: JsonValue | undefined): number {
  if (typeof value === 'number') return value;
  if (value instanceof JsonNumber) return Number(value.source);
  return typeof value === 'string' && /^\s*[-+]?[\d.]+(?:e[-+]?\d+)?\s*$/i.test(value) ? Number(value) : Number.NaN;
}

function isText(value: JsonValue): value is string | number | JsonNumber {
  return typeof value === 'string' || typeof value === 'number' || value instanceof JsonNumber;
}

function textOf(value: string | number | JsonNumber): string {
  return value instanceof JsonNumber ? value.source : String(value);
}
