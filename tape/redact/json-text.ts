/**
 * Redacts JSON in place: only secrets change, every other byte stays as it was on the wire, repeats and odd numbers
 * included. Reads on where the text is cut or damaged, and says so; the caller then looks again by lexical rules.
 * Bytes read as latin1. Holds no recursion, so that no nesting can exhaust the stack.
 */
import type { Path } from '../model/path';
import { findCards, isCardNumber, reachOfHints } from './card';
import { redactCredential } from './credentials';
import { isHarmless } from './harmless';
import { applyEdits, type Edit, latin1Of, readable } from './ledger';
import { kindOfName, type NameKind } from './names';
import { isHolding, isNaming, isSecretMember } from './pair-names';
import { ruleCovering } from './rules';
import { isSuspiciousText } from './suspicion';
import { redactPatterns, redactText, type TextContext } from './text';

export interface RedactedJson {
  readonly text: string;
  /** True where the text was JSON from beginning to end (or several JSON texts in a row). */
  readonly isWhole: boolean;
}

export function redactJson(text: string, context: TextContext): RedactedJson {
  const scan = new Scan(text, context);
  scan.run();
  return { text: applyEdits(text, scan.edits), isWhole: scan.isWhole };
}

/** What an open array or object knows of itself. */
interface Frame {
  readonly isArray: boolean;
  /** The kind of the name the whole frame stands under. */
  readonly inherited: NameKind | null;
  name: string;
  index: number;
  /** `{"name": "password", "value": "x"}`: what the name promises, and the value if it came first. */
  promised: NameKind | null;
  value: Leaf | undefined;
  valueName: string;
}

interface Leaf {
  readonly start: number;
  readonly end: number;
  readonly type: 'string' | 'number';
  /** The text ends within it. */
  readonly isOpen: boolean;
}

class Scan {
  readonly edits: Edit[] = [];
  isWhole = true;
  private readonly frames: Frame[] = [];
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly context: TextContext,
  ) {}

  run(): void {
    while (this.at < this.text.length) this.step(this.text.charCodeAt(this.at));
    if (this.frames.length > 0) this.isWhole = false;
  }

  private step(code: number): void {
    if (code === quote) this.string();
    else if (code === openBrace || code === openBracket) this.open(code === openBracket);
    else if (code === closeBrace || code === closeBracket) this.close(code === closeBracket);
    else if (code === comma) this.comma();
    else if (isSpace(code)) this.at++;
    else this.bare();
  }

  private open(isArray: boolean): void {
    this.frames.push({
      isArray,
      inherited: this.kindHere(),
      name: '',
      index: 0,
      promised: null,
      value: undefined,
      valueName: '',
    });
    this.at++;
  }

  private close(isArray: boolean): void {
    if (this.frames.pop()?.isArray !== isArray) this.isWhole = false;
    this.at++;
  }

  private comma(): void {
    const frame = this.frames.at(-1);
    if (frame === undefined) this.isWhole = false;
    else if (frame.isArray) frame.index++;
    this.at++;
  }

  private string(): void {
    const start = this.at + 1;
    const end = endOfString(this.text, start);
    const isOpen = end >= this.text.length;
    this.at = end + 1;
    if (isOpen) this.isWhole = false;
    const frame = this.frames.at(-1);
    if (!isOpen && frame !== undefined && !frame.isArray && this.passColon()) this.member(frame, start, end);
    else this.leaf({ start, end, type: 'string', isOpen });
  }

  private passColon(): boolean {
    let at = this.at;
    while (isSpace(this.text.charCodeAt(at))) at++;
    if (this.text.charCodeAt(at) !== colon) return false;
    this.at = at + 1;
    return true;
  }

  private member(frame: Frame, start: number, end: number): void {
    const raw = this.text.slice(start, end);
    frame.name = unescapeJson(raw);
    if (frame.name.length < 16 || !isSuspiciousText(frame.name)) return;
    // A name may itself be a secret, as in a map from tokens to users.
    // The ledger names the object it stands in: a path through the secret would tell it.
    const redacted = redactPatterns(frame.name, { ...this.context, path: this.path().slice(0, -1), isCut: false });
    if (redacted === frame.name) return;
    frame.name = redacted;
    this.edits.push({ start, end, text: escapeJson(redacted) });
  }

  private bare(): void {
    const start = this.at;
    const number = matchEnd(/[-+]?\d[\d.eE+-]*/y, this.text, start);
    const end = number ?? matchEnd(/true|false|null/y, this.text, start);
    if (end === undefined) this.isWhole = false;
    this.at = end ?? start + 1;
    if (number !== undefined) this.leaf({ start, end: number, type: 'number', isOpen: number === this.text.length });
  }

  /** A string or number that is no member name. */
  private leaf(leaf: Leaf): void {
    const frame = this.frames.at(-1);
    const rule = this.context.rules.body.length === 0 ? undefined : ruleCovering(this.context.rules.body, this.path());
    const kind = rule === undefined ? this.kindHere() : 'secret';
    if (kind !== null) this.take(leaf, kind, rule);
    else if (frame !== undefined && !frame.isArray && this.isPaired(frame, leaf)) this.isWhole &&= !leaf.isOpen;
    else if (leaf.type === 'string') this.search(leaf);
    else this.takeCard(leaf);
  }

  /** `{"name": …, "value": …}` in either order; true where the leaf was dealt with. */
  private isPaired(frame: Frame, leaf: Leaf): boolean {
    if (leaf.type === 'string' && isNaming(frame.name)) {
      const kind = isSuspiciousText(this.text.slice(leaf.start, leaf.end)) ? kindOfName(this.logical(leaf)) : null;
      if (kind === null) return false;
      frame.promised = kind;
      if (frame.value !== undefined) this.take(frame.value, kind, undefined, frame.valueName);
      return true;
    }
    if (!isHolding(frame.name)) return false;
    frame.value = leaf;
    frame.valueName = frame.name;
    if (frame.promised === null) return false;
    this.take(leaf, frame.promised, undefined);
    return true;
  }

  private take(leaf: Leaf, kind: NameKind, rule: string | undefined, member?: string): void {
    const before = this.logical(leaf);
    if (rule === undefined && isHarmless(before, this.surrounding())) return;
    if (leaf.type === 'number' && rule === undefined && !leaf.isOpen && before.replace(/\D/g, '').length < 3) return;
    const path = member === undefined ? this.path() : [...this.path().slice(0, -1), member];
    const after = redactCredential(kind, before, (secret, builtIn) =>
      this.context.ledger.take(secret, rule ?? builtIn, path),
    );
    if (after !== before) this.replace(leaf, after);
  }

  /** A string of its own: what is secret in it is known by its looks, or stands in text within the text. */
  private search(leaf: Leaf): void {
    const before = this.logical(leaf);
    const isWorthIt = this.context.rules.patterns.length > 0 || isSuspiciousText(before);
    if (before.length < 4 || !isWorthIt) return;
    const after = redactText(before, {
      ...this.context,
      path: this.path(),
      isCut: leaf.isOpen,
      around: this.around(leaf),
    });
    if (after !== before) this.replace(leaf, after);
  }

  private takeCard(leaf: Leaf): void {
    const digits = this.text.slice(leaf.start, leaf.end);
    if (!/^\d{12,19}$/.test(digits) || !isCardNumber(digits)) return;
    const path = this.path();
    if (findCards(digits, { names: path.slice(-4).map(String), around: this.around(leaf) }).length === 0) return;
    this.replace(leaf, this.context.ledger.take(digits, 'card-number', path));
  }

  private around({ start, end }: Leaf): string {
    const { text } = this;
    return `${text.slice(Math.max(0, start - reachOfHints), start)} ${text.slice(end, end + reachOfHints)}`;
  }

  private replace(leaf: Leaf, after: string): void {
    this.edits.push({ start: leaf.start, end: leaf.end, text: leaf.type === 'string' ? escapeJson(after) : after });
  }

  private logical(leaf: Leaf): string {
    const raw = this.text.slice(leaf.start, leaf.end);
    return leaf.type === 'string' ? unescapeJson(raw) : raw;
  }

  /** What the place where the next value stands says about it. */
  private kindHere(): NameKind | null {
    const frame = this.frames.at(-1);
    if (frame === undefined) return null;
    if (frame.isArray) return frame.inherited;
    const kind = kindOfName(frame.name);
    if (kind !== null || frame.inherited === null) return kind;
    return isSecretMember(frame.name) ? frame.inherited : null;
  }

  /** The name a value stands under, and that of the object or list around it. */
  private surrounding(): { readonly name: string; readonly parent: string } {
    const top = this.frames.length - 1;
    const own = this.frames[top]?.isArray === true ? top - 1 : top;
    const above = this.frames[own - 1]?.isArray === true ? own - 2 : own - 1;
    return { name: this.frames[own]?.name ?? '', parent: this.frames[above]?.name ?? '' };
  }

  private path(): Path {
    return [...this.context.path, ...this.frames.map((frame) => (frame.isArray ? frame.index : readable(frame.name)))];
  }
}

const quote = 0x22;
const colon = 0x3a;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** The position of the closing quote, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c && end - 1 - backslashes >= start) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

function matchEnd(sticky: RegExp, text: string, at: number): number | undefined {
  sticky.lastIndex = at;
  const found = sticky.exec(text);
  return found === null ? undefined : at + found[0].length;
}

const shortEscapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** The bytes a JSON string stands for (RFC 8259 7), read as latin1; `\u` escapes become UTF-8. */
export function unescapeJson(raw: string): string {
  if (!raw.includes('\\')) return raw;
  return raw.replace(/(?:\\u[0-9a-fA-F]{4})+|\\(.?)/gs, (all, short?: string) => {
    if (short !== undefined) return shortEscapes[short] ?? short;
    const units = [...all.matchAll(/[0-9a-fA-F]{4}/g)].map(([digits]) => Number.parseInt(digits, 16));
    return latin1Of(String.fromCharCode(...units));
  });
}

/** Only what must be escaped is. */
export function escapeJson(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters JSON strings may not hold
  return text.replace(/["\\\u0000-\u001f]/g, (c) => JSON.stringify(c).slice(1, -1));
}
