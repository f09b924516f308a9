/** Reads the cases of llhttp's own test suite (../shared/corpora/llhttp): a heading, a meta comment, bytes, and a log of events. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CorpusCase {
  /** `request/connection: No restart when keep-alive is off (1.0)`; unique within the corpus. */
  readonly name: string;
  readonly side: 'request' | 'response' | 'url';
  /** Suffixes of the type: `finish`, `lenient-headers` … */
  readonly suffix: string;
  readonly input: Buffer;
  readonly log: readonly string[];
  readonly noScan: boolean;
  readonly pause: string | null;
  readonly skipBody: boolean;
}

const folder = join(__dirname, '../../../shared/corpora/llhttp');

export const corpusIsThere = existsSync(folder);

/** All cases, [] where the corpus is not on this machine. */
export function readCorpus(): readonly CorpusCase[] {
  if (!corpusIsThere) return [];
  const files = ['request', 'response'].flatMap((side) =>
    readdirSync(join(folder, side)).map((file) => `${side}/${file}`),
  );
  return numberRepeats([...files.sort(), 'url.md'].flatMap(readFile));
}

function readFile(file: string): CorpusCase[] {
  const text = readFileSync(join(folder, file), 'utf8');
  const section =
    /^(#+) (.*)$|^<!-- meta=(\{.*\}) -->$|^```(http|url)\n([\s\S]*?)^```$[\s\S]*?^```log\n([\s\S]*?)^```$/gm;
  const cases: CorpusCase[] = [];
  let heading = '';
  let meta = '{}';
  for (const found of text.matchAll(section)) {
    if (found[2] !== undefined) heading = found[2];
    else if (found[3] !== undefined) meta = found[3];
    else {
      cases.push(readCase(`${file.replace('.md', '')}: ${heading}`, meta, found));
      meta = '{}';
    }
  }
  return cases;
}

function readCase(name: string, metaText: string, found: RegExpMatchArray): CorpusCase {
  const meta = JSON.parse(metaText) as { type?: string; noScan?: boolean; pause?: string; skipBody?: boolean };
  const [side = 'url', ...suffix] = (meta.type ?? 'url').split('-');
  return {
    name,
    side: side as CorpusCase['side'],
    suffix: suffix.join('-'),
    input: bytesOf(found[5] ?? '', found[4] === 'http'),
    log: (found[6] ?? '').split('\n').filter((line) => line !== ''),
    noScan: meta.noScan ?? false,
    pause: meta.pause ?? null,
    skipBody: meta.skipBody ?? false,
  };
}

/** The steps of the corpus' README, in its order. */
function bytesOf(block: string, isHttp: boolean): Buffer {
  const text = block.replace(/\n$/, '').replace(/\\\n/g, '');
  return Buffer.from(unescaped(isHttp ? text.replace(/\r\n|\r|\n/g, '\r\n') : text));
}

const escapes: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', f: '\f' };

function unescaped(text: string): string {
  return text
    .replace(/\\([rntf])/g, (_, letter: string) => escapes[letter] ?? '')
    .replace(/\\x([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/\\([0-7]{1,3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function numberRepeats(cases: readonly CorpusCase[]): readonly CorpusCase[] {
  const seen = new Map<string, number>();
  return cases.map((one) => {
    const count = (seen.get(one.name) ?? 0) + 1;
    seen.set(one.name, count);
    return count === 1 ? one : { ...one, name: `${one.name} (${count})` };
  });
}
