/**
 * JSON without loss: numbers a double cannot hold stay the text they were. Refuses texts nested deeper than any
 * honest document, so that nothing behind it needs to fear for its stack. Knows nothing of bodies or content types.
 */

/** A number whose value a double would change, such as 9007199254740993 or 1e400; `source` is its text (RFC 8259 6). */
export class JsonNumber {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

export type JsonValue = null | boolean | number | string | JsonNumber | readonly JsonValue[] | JsonObject;
export type JsonObject = { readonly [name: string]: JsonValue };

/** Arrays and objects within each other; Postgres, Jackson and .NET stop at or below this by default. */
const depthLimit = 1000;

/** The value of a JSON text, or undefined where it is none (or deeper than `depthLimit`). Of repeated names the last one counts. */
export function parseJson(text: string): JsonValue | undefined {
  if (isTooDeep(text)) return undefined;
  try {
    const value = JSON.parse(text) as JsonValue;
    return mayHoldInexactNumber(text) ? (JSON.parse(text, keepInexact) as JsonValue) : value;
  } catch {
    return undefined;
  }
}

/** The text of a value, without spaces; `parseJson` reads it back to the same value. */
export function stringifyJson(value: JsonValue): string {
  if (value === null || typeof value !== 'object') return scalarText(value);
  if (value instanceof JsonNumber) return value.source;
  if (Array.isArray(value)) return `[${value.map(stringifyJson).join(',')}]`;
  const members = Object.entries(value as JsonObject);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${stringifyJson(member)}`).join(',')}}`;
}

/** True for an object with members: neither null, nor an array, nor a number kept as text. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber);
}

function scalarText(value: null | boolean | number | string): string {
  return Object.is(value, -0) ? '-0' : JSON.stringify(value);
}

function isTooDeep(text: string): boolean {
  if (text.length <= depthLimit || !hasManyBrackets(text)) return false;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === 0x5c) i++;
      else if (c === 0x22) inString = false;
    } else if (c === 0x22) inString = true;
    else if (c === 0x5b || c === 0x7b) {
      if (++depth > depthLimit) return true;
    } else if (c === 0x5d || c === 0x7d) depth--;
  }
  return false;
}

function hasManyBrackets(text: string): boolean {
  let left = depthLimit;
  for (const bracket of ['[', '{']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) if (--left < 0) return true;
  }
  return false;
}

/**
 * Sixteen digits and dots in a row, or an exponent: fewer digits always survive a double. A number never begins inside
 * a word, so that hexadecimal texts (`"58cc-0e02"`) do not cost the slow way.
 */
function mayHoldInexactNumber(text: string): boolean {
  return /[\d.]{16}|\d[eE]/.test(text) && /(?:^|[\s:,[])-?(?:[\d.]{16}|[\d.]+[eE])/.test(text);
}

function keepInexact(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined || isExact(source, value)) return value;
  return new JsonNumber(source);
}

function isExact(source: string, value: number): boolean {
  return Number.isFinite(value) && normalised(source) === normalised(String(value));
}

/** Significant digits and power of ten, so that 1.50 and 15e-1 read alike. */
function normalised(decimal: string): string {
  const found = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(decimal);
  if (found === null) return decimal;
  const fraction = found[2] ?? '';
  const digits = `${found[1]}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const power = Number(found[3] ?? 0) - fraction.length + (digits.length - significant.length);
  return `${decimal.startsWith('-') ? '-' : ''}${significant}e${power}`;
}
