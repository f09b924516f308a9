/**
 * What a value looks like: a UUID, a point in time, a JWT, a random-looking identifier. Looks only: nothing here
 * decides whether a difference is excused, and a shape that ordinary words or amounts also have is not one.
 */

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const nilUuid = /^[0-]+$/;

/** The version digit of a UUID (RFC 9562 section 4.2), or null. The nil UUID is a constant, not an identifier. */
export function uuidVersion(text: string): string | null {
  if (text.length !== 36 || nilUuid.test(text)) return null;
  return uuid.exec(text)?.[1] ?? null;
}

const isoTime =
  /^(\d{4})-(\d\d)-(\d\d)([Tt ])(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?( ?(?:[Zz]|UTC|[+-]\d\d(?::?\d\d)?))?$/;
const httpTime =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d)[ -](Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[ -](\d{4}) (\d\d):(\d\d):(\d\d) GMT$/;

/** A point in time as text. `format` is equal for two texts exactly when one program's format explains both. */
export interface TimeText {
  readonly format: string;
  /** Milliseconds since the epoch; a text without a zone is read as UTC. */
  readonly atMs: number;
  /** How far apart two times may be that print alike, in milliseconds. */
  readonly stepMs: number;
}

/** Reads ISO 8601 date-times (RFC 3339 and its usual relaxations) and HTTP dates (RFC 9110 section 5.6.7). */
export function timeText(text: string): TimeText | null {
  if (text.length < 16 || text.length > 40) return null;
  return isoTimeText(text) ?? httpTimeText(text);
}

function isoTimeText(text: string): TimeText | null {
  const found = isoTime.exec(text);
  if (found === null) return null;
  const [, year, month, day, separator, hour, minute, second, fraction, zone] = found;
  const normal = `${year}-${month}-${day}T${hour}:${minute}:${second ?? '00'}${zoneSuffix(zone)}`;
  const wholeMs = Date.parse(normal);
  if (Number.isNaN(wholeMs)) return null;
  const digits = fraction?.length ?? 0;
  const fractionMs = digits === 0 ? 0 : Number(fraction) / 10 ** (digits - 3);
  return {
    format: `iso ${separator} ${second === undefined ? 'minutes' : fractionClass(digits)} ${zone ?? 'no zone'}`,
    atMs: wholeMs + fractionMs,
    stepMs: second === undefined ? 60_000 : 1000 / 10 ** digits,
  };
}

/** Formats that drop trailing zeros print four to nine digits for one precision, so these count as one. */
function fractionClass(digits: number): string {
  return digits > 3 ? 'fine' : String(digits);
}

function zoneSuffix(zone: string | undefined): string {
  const bare = zone?.trim().toUpperCase() ?? 'Z';
  if (bare === 'UTC' || bare === 'Z') return 'Z';
  const found = /^([+-]\d\d):?(\d\d)?$/.exec(bare);
  return `${found?.[1] ?? '+00'}:${found?.[2] ?? '00'}`;
}

function httpTimeText(text: string): TimeText | null {
  if (!httpTime.test(text)) return null;
  const atMs = Date.parse(text.replaceAll('-', ' '));
  return Number.isNaN(atMs) ? null : { format: 'http', atMs, stepMs: 1000 };
}

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
   reference ref secret jwt bearer credential etag ticket challenge state code`.split(/\s+/),
);

/** True for names of things that are minted: `id`, `orderId`, `csrf_token`, `x-request-id`. */
export function isIdName(name: string): boolean {
  return wordsOf(name).some((word) => idWords.has(word));
}

/** `orderLineID`, `order_line_id` and `order-line-id` are all order, line, id. */
export function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
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
 * The class of a string that only a generator makes: hexadecimal, ULID, or mixed letters and digits, after a common
 * prefix such as `ord_`. Words, slugs and amounts have none. Two strings of one class, prefix and length look alike.
 */
export function opaqueShape(text: string): string | null {
  if (text.length < 11 || text.length > 4096) return null;
  const cut = prefixLength(text);
  const random = randomClass(text.slice(cut), cut === 0 ? 16 : 8);
  return random === null ? null : `${text.slice(0, cut)}<${random} ${text.length - cut}>`;
}

/** Length of a lower-case word and its `_` or `-` (`ord_`, `cus-`), 0 when the text has no such prefix. */
function prefixLength(text: string): number {
  return /^[a-z]{1,12}(?:_[a-z]{1,8})?[_-](?=[A-Za-z0-9]{8,}$)/.exec(text)?.[0].length ?? 0;
}

function randomClass(text: string, least: number): string | null {
  if (text.length < least || !/\d/.test(text) || !/[A-Za-z]/.test(text)) return null;
  if (/^[0-9a-f]+$/.test(text)) return 'hex';
  if (/^[0-9A-F]+$/.test(text)) return 'HEX';
  if (/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text)) return 'ulid';
  if (/^[a-z0-9]+$/.test(text)) return digitsSpread(text) ? 'base36' : null;
  if (!/^[A-Za-z0-9_.~+/=:-]+$/.test(text)) return null;
  return /[a-z]/.test(text) && /[A-Z]/.test(text) && digitsSpread(text) ? 'base64' : null;
}

/** `spring2026campaign` keeps its digits together; a generator does not. */
function digitsSpread(text: string): boolean {
  return (text.match(/\d+/g)?.length ?? 0) >= 2;
}
