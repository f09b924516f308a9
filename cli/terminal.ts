/** What a terminal is given: colours where they are wanted, no control character out of recorded data, quiet pipes. */
import { isUtf8 } from 'node:buffer';
import pc from 'picocolors';
import { safeJson, visibleLine } from '../tape/visible-text';

export { visibleLine, visibleText } from '../tape/visible-text';

type Colors = ReturnType<typeof pc.createColors>;

/** Colours for a stream: only on a terminal, and not under NO_COLOR (no-color.org) or a dumb terminal. */
export function colorsFor(stream: NodeJS.WriteStream): Colors {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0';
  const wanted = forced || (stream.isTTY === true && TERM !== 'dumb');
  return pc.createColors(wanted && (NO_COLOR === undefined || NO_COLOR === ''));
}

/** True where progress may be drawn: a terminal that is not a CI log. */
export function isInteractive(stream: NodeJS.WriteStream): boolean {
  const { CI, TERM } = process.env;
  return stream.isTTY === true && TERM !== 'dumb' && (CI === undefined || CI === '' || CI === 'false');
}

/** A line of recorded header or path text, which is read as latin1: shown as UTF-8 where its bytes are that. */
export function visibleWire(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what it looks for
  if (/^[\x00-\x7f]*$/.test(text)) return visibleLine(text);
  const bytes = Buffer.from(text, 'latin1');
  return visibleLine(isUtf8(bytes) ? bytes.toString('utf8') : text);
}

/** One line of JSON that no terminal acts on. */
export function jsonText(value: unknown): string {
  return safeJson(JSON.stringify(value));
}

const chunkChars = 32 * 1024;

/**
 * Writes lines to stdout in large chunks and waits where the reader is slow; stops asking for lines when the reader
 * went away (`| head`).
 */
export async function printLines(lines: AsyncIterable<string> | Iterable<string>): Promise<void> {
  await printPieces(ended(lines));
}

async function* ended(lines: AsyncIterable<string> | Iterable<string>): AsyncIterable<string> {
  for await (const line of lines) yield `${line}\n`;
}

/** The same for pieces of text that follow one another as they are. */
export async function printPieces(pieces: AsyncIterable<string> | Iterable<string>): Promise<void> {
  let chunk = '';
  for await (const piece of pieces) {
    chunk += piece;
    if (chunk.length < chunkChars) continue;
    await print(chunk);
    chunk = '';
    if (process.stdout.destroyed) return;
  }
  if (chunk !== '') await print(chunk);
}

/** Writes text to stdout and waits until it is taken, or until nobody is there to take it. */
export function print(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text, () => resolve());
  });
}

/** `1 mock`, `2 mocks`. */
export function count(times: number, noun: string, plural = `${noun}s`): string {
  return `${times} ${times === 1 ? noun : plural}`;
}
