/**
 * Card numbers. A check digit and an issuer's prefix are not enough: of random numbers of 16 digits, three in a hundred
 * have both. So there must be a third thing: the groups that are printed on cards; a word nearby that says card; or a
 * prefix that is rare among numbers. Texts are bytes read as latin1.
 */
import { issuerOf } from './card-issuers';
import type { Found } from './finder';
import { notBehind } from './word-start';

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Characters of the surrounding text that are worth a look. */
export const reachOfHints = 200;

/** What is known of the place besides the text itself. */
export interface CardHints {
  /** Names on the way to the text, such as `payment`, `card`, `number`. */
  readonly names: readonly string[];
  /** Text that stands around it, such as the object a JSON string is a member of. */
  readonly around?: string | undefined;
}

export const noHints: CardHints = { names: [] };

/** All digits, separators taken away. */
export function isCardNumber(digits: string): boolean {
  return passesLuhn(digits) && issuerOf(digits) !== undefined;
}

/** ISO/IEC 7812-1 annex B. */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** One or two of them may stand between groups; in latin1 a no-break space takes two bytes or three. */
const separator = '(?: {1,2}|[-._/+\\t]|\\r?\\n|%20|\\u00c2\\u00a0|\\u00e2\\u0080[\\u00af\\u0091])';
/** Every byte of them. */
export function isBetweenDigits(byte: string): boolean {
  return /[-. _/+\t\r\n\u00c2\u00a0\u00e2\u0080\u00af\u0091]/.test(byte);
}

const aloneRun = `${notBehind('[0-9A-Za-z%]|[0-9a-fA-F]{4}-')}\\d(?:${separator}?\\d){11,}(?![0-9A-Za-z]|-[0-9a-fA-F]{4})`;
const digitRun = new RegExp(aloneRun, 'g');
const someRun = new RegExp(aloneRun);
const digitGroup = /\d+/g;

/** Where card numbers stand in a text. */
export function findCards(text: string, hints: CardHints): readonly Found[] {
  const found: Span[] = [...trackData(text)];
  for (const { 0: run, index } of text.matchAll(digitRun)) {
    const isSaid = ({ start, end }: Span): boolean => saysCard(text, { start: index + start, end: index + end }, hints);
    const isId = isIdName(hints.names.at(-1) ?? '');
    const isRare = (digits: string): boolean => !isId && issuerOf(digits)?.isNarrow === true;
    for (const { start, end } of cardsIn(run, { isSaid, isRare, isAlone: standsAlone }))
      found.push({ start: index + start, end: index + end });
  }
  return found.map((span) => ({ ...span, rule: 'card-number' }));
}

/** True where a run of digits and separators holds a card number if it is taken apart in the right place: for the cheap look. */
export function mayHoldCard(run: string): boolean {
  return cardsIn(run, { isSaid: () => true, isRare: () => true, isAlone: () => true }).length > 0;
}

/**
 * False where groups of digits, with some characters around them, are part of a word, or of an id such as a UUID: for the cheap
 * look. An escape before them may stand for what is none; tracks have rules of their own; and in JSON that is damaged a number
 * ends where letters begin.
 */
export function mayStandAlone(around: string): boolean {
  return /[\\%=^]|(?<!\d|[0-9a-fA-F]{4}-)\d{12}/.test(around) || someRun.test(around);
}

/** The magnetic stripe (ISO/IEC 7813): `%B4…^NAME^YYMM…?` and `;4…=YYMM…?`; what follows the number is as secret. */
const tracks = /(?:%B(\d{12,19})\^[^^\r\n?"]{2,26}\^\d{4}|;?(?<!\d)(\d{12,19})=\d{7})[^?\s"]{0,80}\??/g;

function* trackData(text: string): Generator<Span> {
  if (!text.includes('^') && !text.includes('=')) return;
  for (const match of text.matchAll(tracks)) {
    if (isCardNumber(match[1] ?? match[2] ?? '')) yield { start: match.index, end: match.index + match[0].length };
  }
}

interface Evidence {
  isSaid(span: Span): boolean;
  /** Whether an unbroken number needs no word: for its rare prefix, unless its name says that it is an id. */
  isRare(digits: string): boolean;
  isAlone: typeof standsAlone;
}

function cardsIn(text: string, evidence: Evidence): readonly Span[] {
  const run = text.replaceAll('%20', '   '); // the digits of an escape are none
  const groups = [...run.matchAll(digitGroup)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
  }));
  const found: Span[] = [];
  for (let first = 0; first < groups.length; first++) {
    const count = cardAt(run, groups, first, evidence);
    if (count === 0) continue;
    found.push({ start: (groups[first] as Span).start, end: (groups[first + count - 1] as Span).end });
    first += count - 1;
  }
  return found.length > 0 ? found : wholeRun(run, groups, evidence);
}

/** How cards are printed, and read out. */
const printed = new Set(['4444', '465', '464', '44443', '4441', '4442', '4443', '88']);

/** How many groups from one on are a card number; 0 where they are none. */
function cardAt(run: string, groups: readonly Span[], first: number, evidence: Evidence): number {
  for (let count = 1; count <= 5 && first + count <= groups.length; count++) {
    const mine = groups.slice(first, first + count);
    const span = { start: (mine[0] as Span).start, end: (mine.at(-1) as Span).end };
    const digits = mine.map(({ start, end }) => run.slice(start, end)).join('');
    if (digits.length > 19) return 0;
    if (digits.length < 12 || !isCardNumber(digits)) continue;
    if (!evidence.isAlone(run, groups, first, count)) continue;
    if (isPrinted(run, mine) || (count === 1 && evidence.isRare(digits)) || evidence.isSaid(span)) return count;
  }
  return 0;
}

/** Printed groups need no word, unless they are rows of a column. */
function isPrinted(run: string, mine: readonly Span[]): boolean {
  const gaps = new Set(mine.slice(1).map(({ start }, i) => run.slice((mine[i] as Span).end, start)));
  const shape = mine.map(({ start, end }) => end - start).join('');
  return gaps.size === 1 && printed.has(shape) && !/[\r\n]/.test([...gaps].join(''));
}

/** No part of a row of numbers, of a fraction, of a date and the like. */
function standsAlone(run: string, groups: readonly Span[], first: number, count: number): boolean {
  const start = (groups[first] as Span).start;
  const end = (groups[first + count - 1] as Span).end;
  const before = groups[first - 1];
  const after = groups[first + count];
  if (before !== undefined && !isFree(run.slice(before.end, start), before, count)) return false;
  if (after === undefined) return true;
  const gap = run.slice(end, after.start);
  const next = run.slice(after.start, after.end);
  if (gap === '.') return /^0+$/.test(next);
  if (isExpiry(next)) return true;
  return gap === '/' || isFree(gap, after, count);
}

/** A number set apart by a space is another one, unless both are groups of a row. */
function isFree(gap: string, neighbour: Span, count: number): boolean {
  if (/^[-._/+]$/.test(gap)) return false;
  return count === 1 || neighbour.end - neighbour.start < 4;
}

/** MMYY or MMYYYY. */
function isExpiry(digits: string): boolean {
  return /^(?:0[1-9]|1[0-2])(?:20)?[2-4]\d$/.test(digits);
}

/** Any other way of grouping, where the place says that it is a card. */
function wholeRun(run: string, groups: readonly Span[], evidence: Evidence): readonly Span[] {
  const digits = run.replace(/\D/g, '');
  const span = { start: 0, end: run.length };
  const isFraction = groups.length === 2 && run.includes('.');
  return groups.length > 1 && !isFraction && digits.length <= 19 && isCardNumber(digits) && evidence.isSaid(span)
    ? [span]
    : [];
}

/** How far a word that says card may stand from the number, in characters. */
const nearby = 64;

function saysCard(text: string, { start, end }: Span, { names, around }: CardHints): boolean {
  const own = names.at(-1) ?? '';
  if (names.some((name) => speaksOfCards(name))) return true;
  const after = text.slice(end, end + nearby);
  if (speaksOfCards(text.slice(Math.max(0, start - nearby), start)) || speaksOfCards(after)) return true;
  if (expiryAfter.test(after)) return true;
  return around !== undefined && !isIdName(own) && speaksOfCards(around);
}

const expiryAfter = /^[\s|,;/:-]{1,3}(?:0?[1-9]|1[0-2])[\s|,;/:-]{1,2}(?:20)?[2-4]\d(?!\d)/;

const cardWords = new RegExp(
  [
    '(?<!dis|wild|score|post|time|pla|flash|busin|\\bv|\\bid)card(?!i[aogn]|board)',
    '(?<![a-z])(?:pan|visa|amex|jcb|maestro|rupay|cvv2?|cvc2?|kart[aey]?|carte|carta|kort|kaart)(?![a-z])',
    'mastercard|unionpay|american.?express|diners|cc[-_ ]?(?:num|no\\b|exp|cvv)|\\bcc\\b',
    'exp[-_ ]?(?:month|year)\\b|valid[-_ ]?thru|tarjeta|kreditkarte|cart\\u00c3\\u00a3o|cartao|kredi kart',
    // In UTF-8 read as latin1: карт, 银行卡, 卡号, カード, 카드.
    ...['карт', '银行卡', '卡号', 'カード', '카드'].map((word) => Buffer.from(word, 'utf8').toString('latin1')),
  ].join('|'),
  'i',
);

/** True where a name or a piece of text is about cards. */
function speaksOfCards(text: string): boolean {
  return cardWords.test(text);
}

/** What stands beside a card says nothing of a number that says itself what it is. */
function isIdName(name: string): boolean {
  return /(?:(?:^|[^a-z])ids?|[a-z]Ids?|ID|(?:ref(?:erence)?|order|transaction|invoice|trace|span|request|timestamp|time|ts|at|seq(?:uence)?|sku|ean|gtin|isbn|serial|phone|imei|version|created|updated))$/.test(
    name,
  );
}
