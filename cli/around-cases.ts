/** What goes on while a case is played, put to the case: what the build prints, and its calls that no mock answers. For runs that play one case at a time. */
import type { TestCase } from '../replayer/cases/cases';
import type { ResponseRedactor } from '../replayer/judge/context';
import type { Miss } from '../replayer/mocks/match/miss';
import type { RecordedCall, Surroundings } from '../replayer/report/details';
import type { CaseResult } from '../replayer/report/report';

export interface AroundOptions {
  readonly calls: ReadonlyMap<string, readonly RecordedCall[]>;
  /** What the build prints may hold secrets, as its answers may. */
  readonly redactor: ResponseRedactor;
  /** All so far. */
  readonly misses: () => readonly Miss[];
}

const linesOfACase = 200;
const longestLine = 2000;
const mostChars = 8 * 1024 * 1024;

export class AroundCases {
  readonly byCase = new Map<string, Surroundings>();
  private lines: string[] = [];
  private leftOut = 0;
  private missesBefore = 0;
  private kept = 0;

  constructor(private readonly options: AroundOptions) {}

  /** What was printed and called until now is of no case. */
  begin(): void {
    this.lines = [];
    this.leftOut = 0;
    this.missesBefore = this.options.misses().length;
  }

  printed(line: string): void {
    this.lines.push(line.slice(0, longestLine));
    if (this.lines.length <= linesOfACase) return;
    this.lines.shift();
    this.leftOut++;
  }

  /** A case was played, or was never to be. */
  finish({ id, verdict }: CaseResult): void {
    const calls = this.options.calls.get(id) ?? [];
    if (verdict === 'skipped') {
      if (calls.length > 0) this.byCase.set(id, { calls, misses: [], log: [], logLeftOut: 0 });
      return;
    }
    const misses = this.options.misses().slice(this.missesBefore);
    const log = this.roomFor(this.lines) ? this.redacted(this.lines) : [];
    this.byCase.set(id, { calls, misses, log, logLeftOut: log.length === 0 ? 0 : this.leftOut });
    this.begin();
  }

  private roomFor(lines: readonly string[]): boolean {
    this.kept += lines.reduce((sum, line) => sum + line.length, 0);
    return this.kept <= mostChars;
  }

  private redacted(lines: readonly string[]): readonly string[] {
    if (lines.length === 0) return lines;
    const bytes = Buffer.from(lines.join('\n'));
    const { response } = this.options.redactor.redactResponse({
      version: '1.1',
      status: 200,
      reason: '',
      informational: [],
      headers: [['content-type', 'text/plain; charset=utf-8']],
      body: { bytes, codings: [], wireSize: bytes.length },
      trailers: [],
      startedAtUs: 0,
      endedAtUs: 0,
    });
    return Buffer.from(response.body.bytes).toString('utf8').split('\n');
  }
}

/** What is known where nobody looks at the build. */
export function onlyCalls(calls: AroundOptions['calls']): ReadonlyMap<string, Surroundings> {
  return new Map([...calls].map(([id, own]) => [id, { calls: own, misses: [], log: [], logLeftOut: 0 }]));
}

/** Why what goes on cannot be put to single cases; null where it can. */
export function whyUnattributed(cases: readonly TestCase[], concurrency: number): string | null {
  const what = 'what the build prints is put to no case, and calls only where they say whose they are';
  if (concurrency > 1) return `${what}: several went on at once (--concurrency)`;
  if (cases.some(({ kind }) => kind === 'conversation')) return `${what}: conversations go on while others are played`;
  return null;
}
