/**
 * Redacts JSON in place: only secrets change, every other byte stays as it was on the wire, repeats and odd numbers
 * included. Reads on where the text is cut or damaged, and says so; the caller then looks again by lexical rules.
 * Bytes read as latin1. Holds no recursion, so that no nesting can exhaust the stack.
 */
import type { Path } from '../model/path';
import { findCards, isCardNumber, reachOfHints } from './card';
import { Company, isOfCompany } from './company';
import { redactCredential } from './credentials';
import { isHarmless } from './harmless';
import { applyEdits, type Edit, latin1Of, mostSteps, readable } from './ledger';
import { longestName, type NameKind } from './names';
import { isHolding, isNaming, isSecretMember } from './pair-names';
import type { Standing } from './places';
import { mayHoldSecret } from './scope';
import { looksLikeJson, redactPatterns, redactText, type TextContext } from './text';

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
  /** Where the frame itself stands among the places that rules name. */
  readonly standing: Standing | undefined;
  name: string;
  index: number;
  /** `{"name": "password", "value": "x"}`: what the name promises, and the value if it came first. */
  promised: NameKind | null;
  value: Leaf | undefined;
  valueName: string;
  /** Members that are secrets beside each other. */
  company: Company<Leaf> | undefined;
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
  /** Undefined where no rule names a place in here. */
  private readonly standing: Standing | undefined;

  constructor(
    private readonly text: string,
    private readonly context: TextContext,
  ) {
    const { rules, path } = context;
    this.standing = rules.places.mayReach(path) ? rules.places.at(path) : undefined;
  }

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
    const inherited = this.kindHere();
    const standing = this.standingHere();
    this.frames.push({
      isArray,
      inherited,
      standing,
      name: '',
      index: 0,
      promised: null,
      value: undefined,
      valueName: '',
      company: undefined,
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
    frame.name = unescapeJson(this.text.slice(start, end));
    const isWorthIt = this.context.rules.finders.length > 0 || frame.name.length >= shortestLooked;
    if (!isWorthIt || !mayHoldSecret(frame.name, this.context)) return;
    // A name may itself be a secret, as in a map from tokens to users.
    // The ledger names the object it stands in: a path through the secret would tell it.
    const redacted = redactPatterns(frame.name, {
      ...this.context,
      path: this.pathTo(this.frames.length - 1),
      isCut: false,
    });
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
    const rule = this.standing === undefined ? undefined : this.standingHere()?.rule;
    const kind = rule === undefined ? this.kindHere() : 'secret';
    if (kind !== null) this.take(leaf, kind, rule);
    else if (frame !== undefined && !frame.isArray && this.isInCompany(frame, leaf)) this.isWhole &&= !leaf.isOpen;
    else if (frame !== undefined && !frame.isArray && this.isPaired(frame, leaf)) this.isWhole &&= !leaf.isOpen;
    else if (leaf.type === 'string') this.search(leaf);
    else this.searchNumber(leaf);
  }

  /** True where the leaf itself is a secret by what stands beside it; one that came before may be taken now, too. */
  private isInCompany(frame: Frame, leaf: Leaf): boolean {
    if (leaf.type !== 'string' || !isOfCompany(frame.name)) return false;
    frame.company ??= new Company();
    const secret = frame.company.meet(frame.name, this.logical(leaf), leaf);
    for (const { name, member } of secret) this.take(member, 'secret', undefined, name);
    return secret.some(({ member }) => member === leaf);
  }

  /** `{"name": …, "value": …}` in either order; true where the leaf was dealt with. */
  private isPaired(frame: Frame, leaf: Leaf): boolean {
    if (leaf.type === 'string' && isNaming(frame.name)) {
      const kind =
        leaf.end - leaf.start > longestWritten ? null : this.context.detection.kindOfName(this.logical(leaf));
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
    const path = member === undefined ? this.path() : [...this.pathTo(this.frames.length - 1), member];
    const after = redactCredential(kind, before, (secret, builtIn) =>
      this.context.ledger.take(secret, rule ?? builtIn, path, isInteger(leaf, secret) ? 'integer' : 'text'),
    );
    if (after !== before) this.replace(leaf, after);
  }

  /** A string of its own: what is secret in it is known by its looks, or stands in text within the text. */
  private search(leaf: Leaf): void {
    const before = this.logical(leaf);
    if (this.context.rules.finders.length === 0 && before.length < 4) return;
    const isWorthIt = (this.standing !== undefined && looksLikeJson(before)) || mayHoldSecret(before, this.context);
    if (!isWorthIt) return;
    const after = redactText(before, {
      ...this.context,
      path: this.path(),
      isCut: leaf.isOpen,
      around: this.around(leaf),
    });
    if (after !== before) this.replace(leaf, after);
  }

  /** A number is a card as a whole; patterns may find something in it, which then must leave it a number. */
  private searchNumber(leaf: Leaf): void {
    const digits = this.text.slice(leaf.start, leaf.end);
    if (/^\d{12,19}$/.test(digits) && isCardNumber(digits) && this.isCard(digits, leaf)) {
      this.replace(leaf, this.context.ledger.take(digits, 'card-number', this.path(), 'integer'));
      return;
    }
    const [found] = this.context.rules.finders.flatMap((finder) => finder.find(digits));
    if (found === undefined) return;
    this.replace(
      leaf,
      this.context.ledger.take(digits, found.rule, this.path(), isInteger(leaf, digits) ? 'integer' : 'text'),
    );
  }

  private isCard(digits: string, leaf: Leaf): boolean {
    return findCards(digits, { names: this.path().slice(-4).map(String), around: this.around(leaf) }).length > 0;
  }

  private around({ start, end }: Leaf): string {
    const { text } = this;
    return `${text.slice(Math.max(0, start - reachOfHints), start)} ${text.slice(end, end + reachOfHints)}`;
  }

  /** The name a value stands under, and that of the object or list around it. */
  private surrounding(): { readonly name: string; readonly parent: string } {
    const top = this.frames.length - 1;
    const own = this.frames[top]?.isArray === true ? top - 1 : top;
    const above = this.frames[own - 1]?.isArray === true ? own - 2 : own - 1;
    return { name: this.frames[own]?.name ?? '', parent: this.frames[above]?.name ?? '' };
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
    const kind = this.context.detection.kindOfName(frame.name);
    if (kind !== null || frame.inherited === null) return kind;
    return isSecretMember(frame.name) ? frame.inherited : null;
  }

  private standingHere(): Standing | undefined {
    const frame = this.frames.at(-1);
    if (frame?.standing === undefined) return this.standing;
    return this.context.rules.places.step(frame.standing, frame.isArray ? frame.index : readable(frame.name));
  }

  private path(): Path {
    return this.pathTo(this.frames.length);
  }

  /** The ledger writes down no more steps than these, so no more are made. */
  private pathTo(depth: number): Path {
    const steps = this.frames.slice(0, Math.min(depth, mostSteps)).map(stepOf);
    return [...this.context.path, ...steps];
  }
}

function stepOf(frame: Frame): string | number {
  return frame.isArray ? frame.index : readable(frame.name.slice(0, longestStep));
}

/** More than a ledger's path can hold. */
const longestStep = 1100;

/** Shorter names are neither keys nor secrets seen before. */
const shortestLooked = 8;
/** A name of the longest that names a secret, each letter written as an escape. */
const longestWritten = longestName * 6;

function isInteger(leaf: Leaf, secret: string): boolean {
  return leaf.type === 'number' && /^-?\d+$/.test(secret);
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
export function endOfString(text: string, start: number): number {
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
