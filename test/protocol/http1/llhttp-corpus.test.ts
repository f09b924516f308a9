/**
 * llhttp's own cases against the build that undici carries, through our wrapper: whole, cut at every byte, and cut at
 * seeded random places. The same events at the same offsets, and the same bytes refused.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Leniency, Llhttp, type LlhttpListener, methodNames, stops } from '../../../recorder/parse/http1/llhttp';
import { type CorpusCase, corpusIsThere, readCorpus } from '../../support/llhttp-corpus';
import { seededRandom } from '../../support/seeded-random';

/** Cases about a leniency that the build does not have. */
const noSuchLeniency = [
  'request/lenient-header-value-relaxed: Control char in header value (relaxed)',
  'request/lenient-header-value-relaxed: LF in header value should be rejected even with relaxed flag',
  'request/lenient-header-value-relaxed: CR without LF in header value should be rejected even with relaxed flag',
  'request/lenient-header-value-relaxed: Space after start line must still fail',
];

/** Cases of changes in llhttp that the build is older than, and what it does instead. A newer undici may know them. */
const newerThanTheBuild: Readonly<Record<string, string>> = {
  'request/connection: Setting flag on `close` followed by tab': 'a tab behind `close` hides it',
  'request/connection: CRLF between requests, explicit `close` followed by tab': 'a tab behind `close` hides it',
  'request/content-length: Tabs in `Content-Length` (surrounding)': 'a tab behind the number is refused',
  'response/content-length: Tabs in `Content-Length` (surrounding)': 'a tab behind the number is refused',
  'response/invalid: Bare CR followed by CR after response line': 'two CR end the response line',
};

/** Callbacks that the build does not call out for: what is logged there cannot be seen, and it cannot pause there. */
const silent =
  /^off=\d+ (reset|pause|(chunk|method|url|status|protocol|version|header_field|header_value)[a-z_ ]* complete|chunk header .*|chunk complete)$|span\[(method|protocol|version|chunk_extension_\w+)\]/;
const pausable = ['on_message_begin', 'on_headers_complete', 'on_message_complete'];

const everyLeniency: readonly Leniency[] = [
  'headers',
  'chunked_length',
  'keep_alive',
  'transfer_encoding',
  'version',
  'data_after_close',
  'optional_lf_after_cr',
  'optional_crlf_after_chunk',
  'optional_cr_before_lf',
  'spaces_after_chunk_size',
];

function leniencyOf(suffix: string): readonly Leniency[] {
  if (!suffix.startsWith('lenient-')) return [];
  const name = suffix.slice('lenient-'.length).replaceAll('-', '_');
  return name === 'all' ? everyLeniency : everyLeniency.filter((leniency) => leniency === name);
}

/** Logs what llhttp says in the words of the corpus. */
class Log implements LlhttpListener {
  readonly lines: string[] = [];
  readonly parser: Llhttp;
  private base = 0;
  private open: { name: string; from: number; to: number } | null = null;

  constructor(private readonly one: CorpusCase) {
    this.parser = new Llhttp(this, one.side === 'response' ? 'response' : 'request', leniencyOf(one.suffix));
  }

  /** False once the input was refused. */
  feed(bytes: Uint8Array): boolean {
    let at = 0;
    let error = this.parser.execute(bytes, at, bytes.length);
    while (error === stops.paused) {
      at = this.parser.stoppedAt;
      this.parser.resume();
      error = this.parser.execute(bytes, at, bytes.length);
    }
    if (error !== stops.none) this.line(`off=${this.base + this.parser.stoppedAt} error`);
    this.base += bytes.length;
    return error === stops.none;
  }

  finish(): void {
    this.line(`finish ${this.parser.finish() === 0 ? 'safe' : 'unsafe'}`);
  }

  end(): readonly string[] {
    this.closeSpan();
    this.parser.free();
    return this.lines;
  }

  onMessageBegin(): number {
    this.line('message begin');
    return this.pauseAt('on_message_begin');
  }

  onUrl(at: number, length: number): number {
    return this.span('url', at, length);
  }

  onStatus(at: number, length: number): number {
    return this.span('status', at, length);
  }

  onHeaderField(at: number, length: number): number {
    return this.span('header_field', at, length);
  }

  onHeaderValue(at: number, length: number): number {
    return this.span('header_value', at, length);
  }

  onBody(at: number, length: number): number {
    return this.span('body', at, length);
  }

  onHeadersComplete(status: number): number {
    const { majorVersion, minorVersion, flags, remaining, method } = this.parser;
    const start = this.one.side === 'request' ? `method=${method}` : `status=${status}`;
    const rest = `v=${majorVersion}/${minorVersion} flags=${flags.toString(16)} content_length=${remaining}`;
    this.line(`headers complete ${start} ${rest}`);
    if (!this.one.skipBody) return this.pauseAt('on_headers_complete');
    this.line('skip body');
    return 1;
  }

  onMessageComplete(): number {
    this.line('message complete');
    return this.pauseAt('on_message_complete');
  }

  private pauseAt(callback: string): number {
    return this.one.pause === callback ? stops.paused : 0;
  }

  private span(name: string, at: number, length: number): number {
    const from = this.base + at;
    if (this.open?.name === name && this.open.to === from) this.open.to += length;
    else {
      this.closeSpan();
      this.open = { name, from, to: from + length };
    }
    return 0;
  }

  private closeSpan(): void {
    const { open } = this;
    this.open = null;
    if (open !== null && open.to > open.from)
      this.lines.push(`off=${open.from} len=${open.to - open.from} ${open.name}`);
  }

  private line(line: string): void {
    this.closeSpan();
    this.lines.push(line);
  }
}

/** The corpus' log with what this build cannot say left out, pieces of one span joined. */
function expectedOf(one: CorpusCase): readonly string[] {
  const lines: string[] = [];
  for (const raw of one.log.filter((line) => !silent.test(line))) {
    const span = /^off=(\d+) len=(\d+) span\[(\w+)\]/.exec(raw);
    if (span === null) lines.push(...expectedLines(raw));
    else addSpan(lines, Number(span[1]), Number(span[2]), span[3] ?? '');
  }
  return lines;
}

/** The corpus notes what state finishing finds: 1 is a message that only waits for the end, and ends by it. */
const finishes: Readonly<Record<string, readonly string[]>> = {
  'off=NULL finish=0': ['finish safe'],
  'off=NULL finish=1': ['message complete', 'finish safe'],
  'off=NULL finish=2': ['finish unsafe'],
};

function expectedLines(raw: string): readonly string[] {
  const error = /^(off=\d+ error)/.exec(raw);
  return finishes[raw] ?? [error?.[1] ?? raw.replace(/^off=\d+ /, '')];
}

function addSpan(lines: string[], at: number, length: number, name: string): void {
  if (length === 0) return;
  const last = /^off=(\d+) len=(\d+) (\w+)$/.exec(lines.at(-1) ?? '');
  const joins = last?.[3] === name && Number(last[1]) + Number(last[2]) === at;
  if (joins) lines[lines.length - 1] = `off=${last[1]} len=${Number(last[2]) + length} ${name}`;
  else lines.push(`off=${at} len=${length} ${name}`);
}

function logOf(one: CorpusCase, pieces: readonly Uint8Array[]): readonly string[] {
  const log = new Log(one);
  const accepted = pieces.every((piece) => log.feed(piece));
  if (accepted && one.suffix === 'finish') log.finish();
  return log.end();
}

function cutEvery(input: Uint8Array): Uint8Array[] {
  return Array.from(input, (_, i) => input.subarray(i, i + 1));
}

function cutAtRandom(input: Uint8Array, random: () => number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < input.length; ) {
    const size = 1 + Math.floor(random() * 20);
    pieces.push(input.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

const cases = readCorpus();
const httpCases = cases.filter((one) => one.side !== 'url');
const applicable = httpCases.filter(
  (one) => !noSuchLeniency.includes(one.name) && newerThanTheBuild[one.name] === undefined,
);

if (!corpusIsThere) {
  it.skip('llhttp corpus: ../shared/corpora/llhttp is not on this machine', () => undefined);
} else {
  describe('llhttp as undici carries it', () => {
    it('has every case of the corpus in front of it', () => {
      expect([httpCases.length, cases.length - httpCases.length]).toEqual([251, 21]);
      expect(httpCases.length - applicable.length).toBe(noSuchLeniency.length + Object.keys(newerThanTheBuild).length);
    });

    it.each(applicable.map((one) => [one.name, one] as const))('%s', (_, one) => {
      const expected = expectedOf(one);
      expect(logOf(one, [one.input])).toEqual(expected);
      if (one.noScan) return;
      expect(logOf(one, cutEvery(one.input))).toEqual(expected);
      const random = seededRandom(one.name);
      for (let i = 0; i < 10; i++) expect(logOf(one, cutAtRandom(one.input, random))).toEqual(expected);
    });

    it('is still older than the cases that are set aside for that', () => {
      const known = httpCases.filter((one) => newerThanTheBuild[one.name] !== undefined);
      expect(known.filter((one) => isDeepStrictEqual(logOf(one, [one.input]), expectedOf(one)))).toEqual([]);
    });

    it('cannot pause where it does not call out, and is tested there without the pause', () => {
      const elsewhere = httpCases.filter((one) => one.pause !== null && !pausable.includes(one.pause));
      expect(elsewhere.length).toBeGreaterThan(0);
      for (const one of elsewhere) expect(logOf(one, [one.input])).not.toContain('pause');
    });
  });

  describe('request targets', () => {
    const targets = cases.filter((one) => one.side === 'url');
    it.each(targets.map((one) => [one.name, one] as const))('%s', (_, one) => {
      const method = one.name.includes('CONNECT') ? 'CONNECT' : 'GET';
      const request = { ...one, side: 'request' as const };
      const input = Buffer.concat([Buffer.from(`${method} `), one.input, Buffer.from(' HTTP/1.1\r\n\r\n')]);
      const refused = one.log.some((line) => line.includes(' error code='));
      expect(logOf(request, [input]).some((line) => line.endsWith(' error'))).toBe(refused);
    });
  });
}

it('knows the methods by number', () => {
  expect([methodNames[0], methodNames[1], methodNames[3], methodNames[28]]).toEqual(['DELETE', 'GET', 'POST', 'PATCH']);
});
