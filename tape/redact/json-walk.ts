/**
 * Walks through JSON from one string or number to the next, and knows at each which objects and lists it lies in. Reads on
 * where the text is cut or damaged, and says so. Changes nothing, judges nothing. Bytes read as latin1. Holds no recursion,
 * so that no nesting can exhaust the stack.
 */
import { endOfString, unescapeJson } from './json-strings';
import { matchAt } from './match';

/** An object or list that is open: where it begins, and the member or element the walk has come to. */
export interface Place {
  readonly isArray: boolean;
  readonly start: number;
  name: string;
  index: number;
}

/** A string or number that is no member name; a string without its quotes. */
export interface Leaf {
  readonly start: number;
  readonly end: number;
  readonly type: 'string' | 'number';
  /** The text ends within it. */
  readonly isOpen: boolean;
}

export abstract class JsonWalk<P extends Place> {
  isWhole = true;
  protected readonly frames: P[] = [];
  private at = 0;

  constructor(protected readonly text: string) {}

  protected abstract opened(isArray: boolean, start: number): P;
  protected abstract met(leaf: Leaf): void;

  /** The walk has come to a member; what it gives back counts as its name. */
  protected named(_frame: P, start: number, end: number): string {
    return unescapeJson(this.text.slice(start, end));
  }

  /** An element is over, or with `isLast` all of the object or list. */
  protected passed(_frame: P, _isLast: boolean): void {}

  run(): void {
    while (this.at < this.text.length) this.step(this.text.charCodeAt(this.at));
    if (this.frames.length > 0) this.isWhole = false;
    for (const frame of this.frames) this.passed(frame, false);
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
    this.frames.push(this.opened(isArray, this.at));
    this.at++;
  }

  private close(isArray: boolean): void {
    const frame = this.frames.at(-1);
    if (frame !== undefined) this.passed(frame, true);
    this.frames.pop();
    if (frame?.isArray !== isArray) this.isWhole = false;
    this.at++;
  }

  private comma(): void {
    const frame = this.frames.at(-1);
    if (frame === undefined) this.isWhole = false;
    else {
      this.passed(frame, false);
      if (frame.isArray) frame.index++;
    }
    this.at++;
  }

  private string(): void {
    const start = this.at + 1;
    const end = endOfString(this.text, start);
    const isOpen = end >= this.text.length;
    this.at = end + 1;
    if (isOpen) this.isWhole = false;
    const frame = this.frames.at(-1);
    if (!isOpen && frame !== undefined && !frame.isArray && this.passColon())
      frame.name = this.named(frame, start, end);
    else this.met({ start, end, type: 'string', isOpen });
  }

  private passColon(): boolean {
    let at = this.at;
    while (isSpace(this.text.charCodeAt(at))) at++;
    if (this.text.charCodeAt(at) !== colon) return false;
    this.at = at + 1;
    return true;
  }

  private bare(): void {
    const start = this.at;
    const number = matchAt(/[-+]?\d[\d.eE+-]*/y, this.text, start)?.end;
    const end = number ?? matchAt(/true|false|null/y, this.text, start)?.end;
    if (end === undefined) this.isWhole = false;
    this.at = end ?? start + 1;
    if (number !== undefined) this.met({ start, end: number, type: 'number', isOpen: number === this.text.length });
  }

  /** What a leaf stands for. */
  protected logical(leaf: Leaf): string {
    const raw = this.text.slice(leaf.start, leaf.end);
    return leaf.type === 'string' ? unescapeJson(raw) : raw;
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
