/**
 * What a value looks like: a UUID, a point in time, a JWT, a random-looking identifier. Looks only: nothing here
 * decides whether a difference is excused, and a shape that ordinary words or amounts also have is not one.
 */
import { memoised } from '../../tape/memo';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const nilUuid = /^[0-]+$/;

/** The version digit of a UUID (RFC 9562 section 4.2), or null. The nil UUID is a constant, not an identifier. */
export function uuidVersion(text: string): string | null {
  if (text.length !== 36 || nilUuid.test(text)) return null;
  return uuid.exec(text)?.[1] ?? null;
}

/** What names the kind of thing before a UUID: `pay_`, `order-`; '' where nothing does. */
export function uuidPrefix(text: string): string {
  return /^[a-z]{1,12}(?:_[a-z]{1,8})?[_-](?=[0-9a-fA-F]{8}-)/.exec(text)?.[0] ?? '';
}

/** How often a document was written, with the dash behind it, in a revision as CouchDB has it (`3-335c76c17c0e751b`); null for anything else. */
export function revisionCount(text: string): string | null {
  return /^\d{1,9}-(?=[0-9a-f]{16,}$)/.exec(text)?.[0] ?? null;
}

const isoTime =
  /^(\d{4})-(\d\d)-(\d\d)([Tt ])(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?( ?(?:[Zz]|UTC|[+-]\d\d(?::?\d\d)?))?$/;
const weekdays = 'Sun|Mon|Tue|Wed|Thu|Fri|Sat';
const months = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';
/** Of HTTP, and of mail and feeds (RFC 5322), which have an offset. */
const httpTime = new RegExp(
  `^(${weekdays}), (\\d\\d)([ -])(${months})\\3(\\d{4}) (\\d\\d:\\d\\d:\\d\\d) (GMT|[+-]\\d{4})$`,
);

/** ISO 8601 without its separators, as AWS and many a file name have it. */
const basicTime = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d(?::?\d\d)?)?$/;

/** A point in time as text. `format` is equal for two texts exactly when one program's format explains both. */
export interface TimeText {
  readonly format: string;
  /** Milliseconds since the epoch; a text without a zone is read as UTC. */
  readonly atMs: number;
  /** Where it is told by its distance to UTC, that in minutes: the same format has another one in summer. */
  readonly offsetMin?: number;
  /** How far apart two times may be that print alike, in milliseconds. */
  readonly stepMs: number;
}

/** Reads ISO 8601 date-times (RFC 3339 and its usual relaxations) and HTTP dates (RFC 9110 section 5.6.7). */
export function timeText(text: string): TimeText | null {
  if (text.length < 15 || text.length > 40) return null;
  return isoTimeText(text) ?? basicTimeText(text) ?? httpTimeText(text);
}

function isoTimeText(text: string): TimeText | null {
  const found = isoTime.exec(text);
  if (found === null) return null;
  const [, year, month, day, separator, hour, minute, second, fraction, zone] = found;
  const normal = `${year}-${month}-${day}T${hour}:${minute}:${second ?? '00'}${zoneSuffix(zone)}`;
  const wholeMs = Date.parse(normal);
  if (Number.isNaN(wholeMs) || !isDay(Number(year), Number(month), Number(day))) return null;
  const digits = fraction?.length ?? 0;
  const fractionMs = digits === 0 ? 0 : Number(fraction) / 10 ** (digits - 3);
  return {
    format: `iso ${separator} ${second === undefined ? 'minutes' : fractionClass(digits)} ${zoneStyle(zone)}`,
    ...offsetOf(zone),
    atMs: wholeMs + fractionMs,
    stepMs: second === undefined ? 60_000 : 1000 / 10 ** digits,
  };
}

/** `20260101T000000Z`. */
function basicTimeText(text: string): TimeText | null {
  const found = basicTime.exec(text);
  if (found === null) return null;
  const [, year, month, day, hour, minute, second, fraction, zone] = found;
  const time = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const read = isoTimeText(`${time}${fraction === undefined ? '' : `.${fraction}`}${zone ?? ''}`);
  return read === null ? null : { ...read, format: `basic ${read.format}` };
}

/** Formats that drop trailing zeros print one to three digits for milliseconds, and four to nine for what is finer. */
function fractionClass(digits: number): string {
  if (digits === 0) return 'seconds';
  return digits > 3 ? 'fine' : 'milliseconds';
}

/** A date without a time of day, as ISO 8601 has it, with its separators or without; read as the begin of that day in UTC. */
export function dateText(text: string): TimeText | null {
  if (text.length !== 10 && text.length !== 8) return null;
  const [, year, separator, month, day] = /^(\d{4})(-?)(\d\d)\2(\d\d)$/.exec(text) ?? [];
  if (year === undefined || (separator === '' && !/^(?:19|20)/.test(year))) return null; // else a number
  const atMs = Date.parse(`${year}-${month}-${day}`);
  const isNone = Number.isNaN(atMs) || !isDay(Number(year), Number(month), Number(day));
  return isNone ? null : { format: separator === '' ? 'basic date' : 'date', atMs, stepMs: 86_400_000 };
}

/** November has no 31st, though it is read as the day after the 30th. */
function isDay(year: number, month: number, day: number): boolean {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
}

/** How the zone is written, whatever its offset is. */
function zoneStyle(zone: string | undefined): string {
  return zone?.replace(/[+-]/, '±').replace(/\d/g, '0') ?? 'no zone';
}

/** Of a zone that is told by its distance to UTC: `+02:00`, `-0330`, ` +05`. */
export function offsetOf(zone: string | undefined): { readonly offsetMin?: number } {
  const [, sign, hours, minutes] = /^ ?([+-])(\d\d):?(\d\d)?$/.exec(zone ?? '') ?? [];
  if (sign === undefined) return {};
  const size = Number(hours) * 60 + Number(minutes ?? 0);
  return { offsetMin: sign === '-' ? -size : size };
}

function zoneSuffix(zone: string | undefined): string {
  const bare = zone?.trim().toUpperCase() ?? 'Z';
  if (bare === 'UTC' || bare === 'Z') return 'Z';
  const found = /^([+-]\d\d):?(\d\d)?$/.exec(bare);
  return `${found?.[1] ?? '+00'}:${found?.[2] ?? '00'}`;
}

function httpTimeText(text: string): TimeText | null {
  return httpTime.test(text) ? readHttpTime(text).time : null;
}

/** Every answer is dated: those of one second alike. */
const readHttpTime = memoised(256, (text: string): { readonly time: TimeText | null } => {
  const [, weekday, day = '', separator = ' ', month = '', year = '', time = '', zone = ''] = httpTime.exec(text) ?? [];
  const atMs = Date.parse(`${day} ${month} ${year} ${time} ${zone}`);
  const monthNumber = months.split('|').indexOf(month) + 1;
  if (Number.isNaN(atMs) || !isDay(Number(year), monthNumber, Number(day))) return { time: null };
  const isItsDay =
    weekday === weekdays.split('|')[new Date(Date.UTC(Number(year), monthNumber - 1, Number(day))).getUTCDay()];
  const format = `http${separator}${zoneStyle(zone)}${isItsDay ? '' : ' on another day of the week'}`;
  return { time: { format, atMs, stepMs: 1000, ...offsetOf(zone) } };
});

/** Seconds, milliseconds, microseconds or nanoseconds since 1970 for the years 2001 to 2100, by the count of digits. */
const epochUnits: Readonly<Record<number, { unit: string; ms: number }>> = {
  10: { unit: 's', ms: 1000 },
  13: { unit: 'ms', ms: 1 },
  16: { unit: 'us', ms: 1e-3 },
  19: { unit: 'ns', ms: 1e-6 },
};
const lastEpochSecond = 4_102_444_800;

/** Reads a count since the epoch out of decimal digits, a fraction allowed for seconds (Python's time.time()). */
export function epochTime(digits: string): TimeText | null {
  const found = /^([1-9]\d{9,18})(\.\d+)?$/.exec(digits);
  const unit = epochUnits[found?.[1]?.length ?? 0];
  if (found === null || unit === undefined || (found[2] !== undefined && unit.unit !== 's')) return null;
  const atMs = Number(digits) * unit.ms;
  if (atMs > lastEpochSecond * 1000) return null;
  const fraction = found[2] === undefined ? '' : ' fraction';
  return { format: `epoch ${unit.unit}${fraction}`, atMs, stepMs: found[2] === undefined ? unit.ms : 1 };
}

const timeWords = new Set(
  `at time times timestamp ts date datetime on expires expiry expiration exp iat nbf created updated modified deleted
   issued started ended finished since until seen now clock epoch utc ms`.split(/\s+/),
);

/** True for names such as `createdAt`, `expires_in_ts`, `last-seen`: the last word, or the only one, speaks of time. */
export function isTimeName(name: string): boolean {
  return wordsOf(name).some((word) => timeWords.has(word));
}

const idWords = new Set(
  `id ids uid uuid guid oid key token tokens nonce session sid csrf xsrf jti trace span request correlation cursor
   reference ref secret jwt bearer credential etag ticket challenge`.split(/\s+/),
);

/** True for names of things that are minted: `id`, `orderId`, `csrf_token`, `x-request-id`. */
export function isIdName(name: string): boolean {
  return wordsOf(name).some((word) => idWords.has(word));
}

const namingWords = new Set(['number', 'no', 'nr', 'num', 'slug', 'account', 'acct']);

/** True for names of values that tell one thing from another, minted at random or counted: `orderId`, `invoice_no`. */
export function namesThings(name: string): boolean {
  return isIdName(name) || wordsOf(name).some((word) => namingWords.has(word));
}

/** `orderLineID`, `order_line_id` and `order-line-id` are all order, line, id. */
export function wordsOf(name: string): readonly string[] {
  const known = wordsByName.get(name);
  if (known !== undefined) return known;
  const words = cutIntoWords(name);
  if (wordsByName.size < rememberedNames) wordsByName.set(name, words);
  return words;
}

/** Member names come again with every answer; what a tape has more of than this is no name. */
const rememberedNames = 10_000;
const wordsByName = new Map<string, readonly string[]>();

function cutIntoWords(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

/** The parts of a JSON Web Token (RFC 7519), decoded; null for anything else. */
export interface JwtParts {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

export function jwtParts(text: string): JwtParts | null {
  if (!text.startsWith('eyJ')) return null;
  const parts = text.split('.');
  const [header, claims] = parts.map(decodedObject);
  if (parts.length !== 3 || header === null || header === undefined || !('alg' in header)) return null;
  return claims === null || claims === undefined ? null : { header, claims };
}

function decodedObject(part: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null; // not a JWT: the caller asked whether it is one
  }
}

/**
 * 15 digits and more, as snowflakes and ids of 53 random bits have: nobody counts so far. The other one may have fewer, as
 * every hundredth random one does.
 */
export function areLongNumbers(a: string, b: string): boolean {
  return [a, b].every((text) => /^[1-9]\d{10,19}$/.test(text)) && Math.max(a.length, b.length) >= 15;
}

/** True for strings that only a generator makes: hexadecimal, ULID, mixed letters and digits, after a prefix like `ord_`. */
export function looksGenerated(text: string): boolean {
  if (text.length < 11 || text.length > longestGenerated) return false;
  const random = text.slice(prefixLength(text));
  const least = random === text ? 16 : 8;
  return random.length >= least && classesOf(random).length > 0 && isScattered(random);
}

/**
 * True for two strings that one generator makes: one prefix, one length, one alphabet, and at least one of them could
 * hardly be a word. `proven` says that the value is known to be made anew, so that the last condition falls away.
 */
export function lookAlike(a: string, b: string, { proven }: { readonly proven: boolean }): boolean {
  if (a.length !== b.length || a.length < 11 || a.length > longestGenerated) return false;
  const cut = sharedPrefix(a, b);
  const [left, right] = [a.slice(cut), b.slice(cut)];
  const known = classesOf(right);
  const isLong = (alphabet: string) => left.length >= (cut === 0 ? (fewest[alphabet] ?? 16) : 8);
  if (!classesOf(left).some((alphabet) => known.includes(alphabet) && isLong(alphabet))) {
    return proven && areTailsOfOneKind(a, b);
  }
  if (proven) return true;
  const isShort = cut === 0 && left.length < 16;
  return (isScattered(left) || isScattered(right)) && !(isShort && areVariants(left, right));
}

/** As many of each alphabet as have 64 bits: PocketBase makes ids of 15. */
const fewest: Readonly<Record<string, number>> = { base36: 13, BASE36: 13 };

/** `iphone12mini128` and `iphone13mini256`: what a generator makes twice agrees at one place in thirty-six. */
function areVariants(left: string, right: string): boolean {
  const equal = [...left].filter((letter, i) => letter === right[i]).length;
  return equal * 3 > left.length;
}

const longestGenerated = 4096;

/** Length of a lower-case word and its `_` or `-` (`ord_`, `cus-`), 0 when the text has no such prefix. */
function prefixLength(text: string): number {
  return /^[a-z]{1,12}(?:_[a-z]{1,8})?[_-](?=[A-Za-z0-9]{8,}$)/.exec(text)?.[0].length ?? 0;
}

/** A prefix is one only where both have it: a random text may by chance begin as if it had one. */
function sharedPrefix(a: string, b: string): number {
  const length = prefixLength(a);
  return length === prefixLength(b) && a.slice(0, length) === b.slice(0, length) ? length : 0;
}

/**
 * `N-r9BGfST-1P` and `N-DcXFJOpc_T`: behind one word, what may hold dashes of its own, and by chance no digit, or no small
 * letter, as every tenth id of a generator does. Believed only of what is known to be made anew: headings look so, too.
 */
function areTailsOfOneKind(a: string, b: string): boolean {
  const word = /^[A-Za-z]{1,12}(?:_[A-Za-z]{1,8})?[_-](?=[\w-]{8,}$)/.exec(a)?.[0];
  if (word === undefined || !b.startsWith(word)) return false;
  const both = a.slice(word.length) + b.slice(word.length);
  if (!/^[\w-]+$/.test(both) || !/[A-Z]/.test(both) || !/[a-z]/.test(both)) return false;
  return [a, b].every((text) => /[A-Za-z]/.test(text.slice(word.length))) && isScrambled(both);
}

/** Digits, letters at random, or capitals here and there: a name of two words has one within it. */
function isScrambled(text: string): boolean {
  return /\d/.test(text) || isHardlyWord(text) || /[a-z][A-Z].*[a-z][A-Z].*[a-z][A-Z]/.test(text);
}

/**
 * The alphabets a text fits, narrow ones first. Lower-case words fit none: they have neither digits nor both cases. What a
 * generator makes has no digit either, once in a hundred times, but hardly a word has five consonants in a row.
 */
function classesOf(text: string): readonly string[] {
  const classes: string[] = [];
  const mixed = (/\d/.test(text) && /[A-Za-z]/.test(text)) || isHardlyWord(text);
  if (/^[0-9a-f]+$/.test(text)) classes.push('hex');
  if (/^[0-9A-F]+$/.test(text)) classes.push('HEX');
  if (mixed && /^[0-9a-z]+$/.test(text)) classes.push('base36');
  if (mixed && /^[0-9A-Z]+$/.test(text)) classes.push('BASE36');
  if (/^[\w.~+/=:%-]+$/.test(text) && /[a-z]/.test(text) && /[A-Z]/.test(text)) classes.push('base64');
  return classes;
}

/** True for letters at random, mostly: words have a vowel sooner. */
export function isHardlyWord(text: string): boolean {
  return /[bcdfghjklmnpqrstvwxz]{5}/i.test(text);
}

/** `spring2026campaign` keeps its digits together and GetUser2 its cases; a generator scatters them. */
function isScattered(text: string): boolean {
  const runs = text.match(/\d+/g)?.length ?? 0;
  if (!/[A-Za-z]/.test(text)) return false;
  if (/^[A-Za-z0-9+/]{14,}={1,2}$/.test(text) && /[a-z][A-Z]/.test(text)) return true; // no word is padded
  return runs >= 2 || (runs === 1 && text.length >= 20 && /[a-z]/.test(text) && /[A-Z]/.test(text));
}
