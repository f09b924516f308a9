/**
 * Names short numbers by what they count, so that order 42 and 42 pieces are two things: `order#42` comes from the
 * member `id` in an answer of POST /orders, from `orderId`, `order_id`, or from the segment after `orders`; and `?order=41`
 * in a query means order 41 where an answer named one.
 */
import { singular } from '../cases/name';
import { wordsOf } from '../noise/shapes';
import type { Leaf } from './leaves';

export interface ShortId {
  readonly key: string;
  /** True where only the request's verb-like path names it (`id` in an answer of /signup): other names may mean it too. */
  readonly weak: boolean;
  /** False where it is an id only if an answer named one of that resource: `?order=41`. */
  readonly certain: boolean;
}

/** Null for what is no short decimal number, or stands under a name that is no id. `segments` are the request path's. */
export function shortIdOf(leaf: Leaf, segments: readonly string[]): ShortId | null {
  if (!mayBeShortId(leaf)) return null;
  const owner = leaf.kind === 'segment' ? ownerOfSegment(leaf, segments) : ownerOfName(leaf, segments);
  if (owner === null) return null;
  const { resource, weak, certain = true } = owner;
  return { key: `${resource}#${leaf.text}`, weak, certain };
}

/** False where it is none, whatever was asked for. */
export function mayBeShortId(leaf: Leaf): boolean {
  return leaf.text.length <= 5 && mayBeId(leaf) && /^[1-9]\d{0,4}$/.test(leaf.text);
}

/** The cheap question first: most short numbers stand under names that do not end in `id`. */
function mayBeId({ kind, path }: Leaf): boolean {
  if (kind === 'segment' || kind === 'query') return true;
  const last = path[path.length - 1];
  const name = typeof last === 'string' ? last : path[path.length - 2];
  return typeof name === 'string' && (name.endsWith('d') || name.endsWith('D'));
}

interface Owner {
  readonly resource: string;
  readonly weak: boolean;
  readonly certain?: boolean;
}

/** Short ids inside a longer text, where they follow a plural in an address: /orders/42. */
export function shortIdsIn(text: string): { readonly key: string; readonly text: string; readonly start: number }[] {
  if (!text.includes('/')) return [];
  return [...text.matchAll(/\/([A-Za-z][\w-]*)\/([1-9]\d{0,4})(?![\w.%-])/g)]
    .filter((found) => isPlural(found[1] ?? ''))
    .map((found) => {
      const digits = found[2] ?? '';
      const start = found.index + found[0].length - digits.length;
      return { key: `${singularName(found[1] ?? '')}#${digits}`, text: digits, start };
    });
}

/** Only after a plural: /orders/42, not /page/2. */
function ownerOfSegment(leaf: Leaf, segments: readonly string[]): Owner | null {
  const position = leaf.path[1];
  const before = typeof position === 'number' ? segments[position - 1] : undefined;
  return before === undefined || !isPlural(before) ? null : { resource: singularName(before), weak: false };
}

function ownerOfName(leaf: Leaf, segments: readonly string[]): Owner | null {
  const names = leaf.path.slice(1).filter((step) => typeof step === 'string');
  const words = wordsOf(names.at(-1) ?? '');
  if (words.at(-1) !== 'id') return leaf.kind === 'query' ? ownerOfQuery(names.at(-1) ?? '') : null;
  if (words.length > 1) return { resource: words.slice(0, -1).join(' '), weak: false };
  const parent = names.at(-2);
  return parent === undefined || isEnvelope(parent)
    ? ownerOfPath(segments)
    : { resource: singularName(parent), weak: false };
}

function ownerOfQuery(name: string): Owner | null {
  const resource = singularName(name);
  return resource === '' ? null : { resource, weak: false, certain: false };
}

/** The last segment that names a collection or an action. */
function ownerOfPath(segments: readonly string[]): Owner | null {
  const named = segments.findLast((segment) => /^[a-z]/i.test(segment) && !/\d{2}/.test(segment));
  return named === undefined ? null : { resource: singularName(named), weak: !isPlural(named) };
}

/** Members that only wrap the answer say nothing about what is inside. */
function isEnvelope(name: string): boolean {
  return ['data', 'result', 'results', 'items', 'content', 'payload', 'response', 'attributes', 'record'].includes(
    name,
  );
}

function isPlural(segment: string): boolean {
  const word = wordsOf(segment).at(-1) ?? '';
  return word !== '' && singular(word) !== word;
}

function singularName(name: string): string {
  const words = wordsOf(name);
  return words.map((word, i) => (i === words.length - 1 ? singular(word) : word)).join(' ');
}
