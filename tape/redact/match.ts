/** Sticky regular expressions: whether one fits at a position, and where what it takes ends. */

export interface Span {
  readonly start: number;
  readonly end: number;
}

export function matchAt(sticky: RegExp, text: string, at: number): Span | undefined {
  sticky.lastIndex = at;
  return sticky.test(text) ? { start: at, end: sticky.lastIndex } : undefined;
}
