/**
 * Secrets in the path of a URL: what follows a segment that says so (`/reset-password/<x>`, `/token/<x>`), and parameters
 * of a segment (`;jsessionid=<x>`, `/password=<x>`). An id, a word or a version after such a segment stays.
 */
import type { Edit } from './ledger';
import type { NameKind } from './names';
import { decodePercent } from './percent';

/** What a segment that is a value must be, by how much the one before it says. */
type Expectation = 'key' | 'code' | 'link';

const segmentNames: readonly (readonly [Expectation, RegExp])[] = [
  ['code', /^(?:otp|totp|pin|verification-?code|one-?time-?code)$/i],
  [
    'key',
    /^(?:(?:[a-z]+[-_])?tokens?|(?:re)?set[-_]?password|password[-_]?(?:reset|recovery|set)?|forgot[-_]?password|recover(?:y|[-_]password)?|magic(?:[-_]?links?)?|api[-_]?keys?|one[-_]?time[-_]?links?)$/i,
  ],
  [
    'link',
    /^(?:reset|verify|verification|verify[-_]?e?mail|confirm|confirmation|confirm[-_]?e?mail|activate|activation|invites?|invitations?|unsubscribe|sessions?|join|share|auth|callback|links?|log[-_]?in|sign[-_]?in|sso)$/i,
  ],
];

/** Finds them in a path, or in a text that is a URL up to its query. `kindOf` judges names. */
export function pathSecrets(
  path: string,
  kindOf: (name: string) => NameKind | null,
  take: (secret: string) => string,
): Edit[] {
  const edits: Edit[] = [];
  let before = '';
  let at = 0;
  for (const segment of path.split('/')) {
    const value = secretSegment(before, segment);
    for (const part of value === undefined ? parametersOf(segment, kindOf) : [value]) {
      const start = at + part.start;
      edits.push({ start, end: at + part.end, text: take(path.slice(start, at + part.end)) });
    }
    before = decodePercent(segment);
    at += segment.length + 1;
  }
  return edits;
}

/** True where a path may hold one: for the cheap look. */
export function mayHoldPathSecret(path: string): boolean {
  return mayNameSecret(path) || (path.includes('%') && mayNameSecret(decodePercent(path)));
}

function mayNameSecret(path: string): boolean {
  return /[;/][\w.-]{1,60}=|\/(?:otp|totp|pin|[\w-]{0,40}(?:code|token|password|recover|magic|key|link|reset|verif|confirm|activat|invit|unsubscribe|session|join|share|auth|callback|log-?in|sign-?in|sso))[\w-]{0,20}\//i.test(
    path,
  );
}

interface Part {
  readonly start: number;
  readonly end: number;
}

function secretSegment(name: string, value: string): Part | undefined {
  const expected = segmentNames.find(([, names]) => names.test(name))?.[0];
  if (expected === undefined || !looksLike(value, expected)) return undefined;
  return { start: 0, end: value.length };
}

function looksLike(value: string, expected: Expectation): boolean {
  if (/^0x[0-9a-fA-F]{40}$/.test(value) || !/^[\w.~%=+-]{4,600}$/.test(value)) return false;
  if (expected === 'code') return /\d{4}/.test(value);
  const isMixed = /\d/.test(value) && /[A-Za-z]/.test(value);
  if (expected === 'key') return value.length >= 8 && (isMixed || isLongMix(value)) && !isSlug(value);
  return value.length >= 16 && (isMixed || isLongMix(value)) && !isSlug(value) && !isUuid(value);
}

function isLongMix(value: string): boolean {
  return value.length >= 20 && /[a-z]/.test(value) && /[A-Z]/.test(value) && !/[-_]/.test(value);
}

/** Words with a number at the end: `summer-sale-2024`. */
function isSlug(value: string): boolean {
  return /^[a-z]+\d{0,3}(?:[-_.][a-z]+\d{0,3})*[-_.]?\d{0,6}$/.test(value);
}

function isUuid(value: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);
}

/** `page;jsessionid=x;v=1` and `password=x`. */
function parametersOf(segment: string, kindOf: (name: string) => NameKind | null): readonly Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const piece of segment.split(';')) {
    const equals = piece.indexOf('=');
    if (equals > 0 && equals < piece.length - 1 && kindOf(decodePercent(piece.slice(0, equals))) !== null)
      parts.push({ start: at + equals + 1, end: at + piece.length });
    at += piece.length + 1;
  }
  return parts;
}
