/** Every format of the registry, the same runs: the same numbers in each, nothing that a text can break out of, and pieces instead of one long string. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { validate } from 'ctrf';
import { validateXML } from 'xmllint-wasm';
import type { FinishedRun } from '../../replayer/report/finished-run';
import { type ReportFormat, textOf } from '../../replayer/report/format';
import { reportFormats } from '../../replayer/report/registry';
import { type RunReport, reportOf } from '../../replayer/report/report';
import { hostileInReports as wanting } from '../support/hostile-texts';
import {
  callingRun,
  caseResult,
  emptyRun,
  finishedRun,
  greenRun,
  redRun,
  runSaying,
  skippedRun,
  worstRun,
} from '../support/reports';
import { root } from '../support/source-tree';

type Counts = Pick<RunReport, 'cases' | 'passed' | 'failed' | 'errored' | 'skipped' | 'flaky'>;
type Numbers = Counts & { readonly misses: number };

const runs: Readonly<Record<string, FinishedRun>> = {
  'of every kind': redRun,
  'in which all went wrong that can': worstRun,
  'whose calls are not as recorded': callingRun,
  'that is green': greenRun,
  'in which all was skipped': skippedRun,
  'of nothing': emptyRun,
};

/** `1 passed, 2 failed, 1 of them flaky, 1 mock miss of 4 cases`. */
function numbersInWords(text: string): Numbers {
  const line = text.split('\n').find((each) => /\bpassed\b.* of \d+ cases?$/.test(each)) ?? '';
  const before = (words: string): number => Number(new RegExp(`(\\d+) ${words}`).exec(line)?.[1] ?? 0);
  return {
    cases: Number(/ of (\d+) cases?$/.exec(line)?.[1]),
    passed: before('passed'),
    failed: before('failed'),
    errored: before('errored'),
    skipped: before('skipped'),
    flaky: before('of them flaky'),
    misses: before('mock miss'),
  };
}

function numbersOf({ report }: FinishedRun): Numbers {
  const { cases, passed, failed, errored, skipped, flaky, misses } = report;
  return { cases, passed, failed, errored, skipped, flaky, misses: misses.length };
}

/** What a reader of the format makes of it. JUnit has no word for a miss but the case that fails for all of them. */
const readers: Readonly<Record<string, (text: string) => Partial<Numbers>>> = {
  console: numbersInWords,
  markdown: numbersInWords,
  github: (text) => numbersInWords(text.replaceAll(/^::notice [^:]*::/gm, '')),
  json(text) {
    const { cases, passed, failed, errored, skipped, flaky, misses } = JSON.parse(text);
    return { cases, passed, failed, errored, skipped, flaky, misses: misses.length };
  },
  ctrf(text) {
    const { tests, summary } = JSON.parse(text).results;
    const ofCases = tests.filter(({ testId }: { testId?: string }) => testId !== undefined);
    const count = (word: string): number =>
      ofCases.filter(({ rawStatus }: { rawStatus: string }) => rawStatus === word).length;
    const told = { passed: summary.passed, failed: summary.failed, skipped: summary.skipped, tests: summary.tests };
    const counted = (status: string) => tests.filter((test: { status: string }) => test.status === status).length;
    expect(told).toEqual({
      passed: counted('passed'),
      failed: counted('failed'),
      skipped: counted('skipped'),
      tests: tests.length,
    });
    return {
      ...{ cases: ofCases.length, passed: count('pass'), failed: count('fail'), errored: count('error') },
      ...{ skipped: count('skipped'), flaky: summary.flaky, misses: summary.extra.misses },
    };
  },
  junit(text) {
    const cases = [
      ...text.matchAll(/<testcase name="[^"]*" classname="([^"]*)" time="[\d.]+"(?:\/>|>([\s\S]*?)<\/testcase>)/g),
    ];
    const suite = /<testsuite [^>]*>/.exec(text)?.[0] ?? '';
    const told = (name: string): number => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1]);
    const own = cases
      .filter(([, group = '']) => !['mocks', 'run', 'latency'].includes(group))
      .map(([, , inner = '']) => inner);
    const beside = cases.length - own.length;
    const has = (start: string): number => own.filter((inner) => inner.startsWith(start)).length;
    expect([told('tests'), told('failures') - beside]).toEqual([cases.length, has('<failure')]);
    expect([told('errors'), told('skipped')]).toEqual([has('<error'), has('<skipped')]);
    return {
      ...{ cases: own.length, passed: has('') - has('<'), failed: has('<failure'), errored: has('<error') },
      ...{ skipped: has('<skipped'), flaky: own.filter((inner) => inner.includes('type="flaky"')).length },
    };
  },
  html(text) {
    const cases = [...text.matchAll(/<details class="case" data-states="([^"]*)" data-count="(\d+)">/g)];
    const sum = (state: string): number =>
      cases
        .filter(([, states = '']) => state === '' || states.split(' ').includes(state))
        .reduce((total, [, , count]) => total + Number(count), 0);
    const told = numbersInWords(/<div id="summary">(.*)<\/div>/.exec(text)?.[1] ?? '');
    const counted = { passed: sum('pass'), failed: sum('fail'), errored: sum('error'), skipped: sum('skipped') };
    expect(told).toMatchObject({ cases: sum(''), ...counted, flaky: sum('flaky') });
    return told;
  },
};

/** What stays of a text when everything that came from outside is taken away: what its readers act on. */
const skeletons: Readonly<Record<string, (text: string) => unknown>> = {
  console: (text) => text.split('\n').length,
  github: (text) => text.split('\n').map(commandOf),
  markdown: (text) => text.replace(/<code>[^<>`|\n]*<\/code>/g, '<code></code>'),
  json: (text) => shapeOf(JSON.parse(text)),
  ctrf: (text) => shapeOf(JSON.parse(text)),
  junit: tagsOf,
  html: tagsOf,
};

/** A line as the runner reads it: the command and the names of its properties. */
function commandOf(line: string): string {
  const [, command = '', properties = ''] = /^::([a-z]+) (.*?)::/.exec(line) ?? [];
  const names = properties.split(',').map((each) => each.split('=')[0]);
  return command === '' ? line : `${command} ${names.join(',')}`;
}

function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.entries(value).map(([name, member]) => [name, shapeOf(member)]);
}

/** Every tag with the names of its attributes, and the values of those that select or load something. */
function tagsOf(text: string): readonly string[] {
  return [...text.matchAll(/<([^\s>]*)([^>]*)>/g)].map(([, name, rest = '']) => {
    const attributes = [...rest.matchAll(/\s([\w-]+)="([^"]*)"/g)];
    const plain = rest.replace(/\s[\w-]+="[^"]*"/g, '');
    const told = attributes.map(([, key = '', value = '']) =>
      /^(class|data-.*|content|http-equiv|type)$/.test(key) ? `${key}=${value}` : key,
    );
    return `${name} ${told.filter((each) => !/^type=./.test(each) || name === 'input').join(' ')}${plain}`;
  });
}

it('reads every format', () => {
  const names = reportFormats.map(({ name }) => name);
  expect([names.toSorted(), names.toSorted()]).toEqual([
    Object.keys(readers).toSorted(),
    Object.keys(skeletons).toSorted(),
  ]);
});

describe.each(reportFormats.map((format) => [format.name, format] as const))('the report as %s', (name, format) => {
  it.each(Object.entries(runs))('has the numbers of a run %s', (_, run) => {
    expect({ ...numbersOf(run), ...readers[name]?.(textOf(format, run)) }).toEqual(numbersOf(run));
  });

  it.each(wanting)('lets nothing break out: %j', (text) => {
    const skeleton = skeletons[name];
    expect(skeleton?.(textOf(format, runSaying(text)))).toEqual(skeleton?.(textOf(format, runSaying('harmless'))));
  });

  it('has no character that acts on a terminal, or turns text round', () => {
    const text = textOf(format, runSaying('\u001b[2J\u009b31m\u202e\u2066\u0000'));
    if (!['json', 'ctrf', 'junit'].includes(name))
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e\u2066]/u);
    expect(text.isWellFormed()).toBe(true);
  });

  it('tells ten thousand cases in pieces, none of which grows with them', () => {
    expect(longestPiece(format, 10_000)).toBeLessThanOrEqual(longestPiece(format, 400) * 1.1);
  });
});

function longestPiece(format: ReportFormat, cases: number): number {
  const results = Array.from({ length: cases }, (_, i) => {
    const verdict = (['pass', 'fail', 'error'] as const)[i % 3] ?? 'pass';
    const differences =
      verdict === 'fail' ? [{ path: 'body.n', kind: 'changed', expected: 1, actual: 2 } as const] : [];
    return caseResult({ id: String(100_000 + i), name: 'GET /n -> 200', verdict, differences });
  });
  let longest = 0;
  for (const piece of format.render(finishedRun(reportOf(results, [])))) longest = Math.max(longest, piece.length);
  return longest;
}

it.each([...Object.values(runs), ...wanting.map(runSaying)])('is valid by the schema of CTRF (%#)', (run) => {
  expect(validate(JSON.parse(textOf(formatNamed('ctrf'), run))).errors).toEqual([]);
});

it('is valid by what readers of JUnit XML agree on', async () => {
  const all = [...Object.values(runs), ...wanting.map(runSaying)];
  const xml = all.map((run, i) => ({ fileName: `${i}.xml`, contents: textOf(formatNamed('junit'), run) }));
  const schema = readFileSync(join(root, 'fixtures/junit.xsd'), 'utf8');
  expect((await validateXML({ xml, schema })).errors).toEqual([]);
  const wrong = xml[0]?.contents.replace('<testcase name=', '<testcase title=') ?? '';
  expect((await validateXML({ xml: wrong, schema })).valid).toBe(false);
});

describe('outgoing calls', () => {
  const counts = { missing: 1, extra: 1, changed: 2, reordered: 1 };

  it('are told by kind in CTRF, by the run and by the case', () => {
    const { tests, summary } = JSON.parse(textOf(formatNamed('ctrf'), callingRun)).results;
    expect(summary.extra).toMatchObject({
      calls: counts,
      misses: 1,
      untrusted: ['node (pid 4711) refused the certificate of vault:443: unknown CA, 2 times'],
    });
    expect(tests[0].extra).toMatchObject({ calls: [], misses: [] });
    expect(tests[1].message).toBe('Cannot answer POST http://payments/charges: no mock matches');
    expect(tests[1].extra.misses).toEqual([tests[1].message]);
    expect(tests[1].extra.calls).toEqual([
      { fault: 'missing', call: 'POST payments:80/charges', place: null },
      { fault: 'extra', call: 'GET stock:80/items', place: null },
      { fault: 'changed', call: 'GET mail:80/box', place: 'header["x-tenant"]' },
      { fault: 'changed', call: 'GET mail:80/box', place: 'header["x-trace"]' },
      { fault: 'reordered', call: null, place: null },
    ]);
  });

  it('are counted the same on the page', () => {
    const text = textOf(formatNamed('html'), callingRun);
    const [, never, other, changed, order] =
      /calls of the build: (\d) never made, (\d) of another case, (\d) not as recorded, (\d) in another order/
        .exec(text)
        ?.map(Number) ?? [];
    expect({ missing: never, extra: other, changed, reordered: order }).toEqual(counts);
  });

  it.each(['html', 'ctrf'])('are not spoken of in %s where they are as recorded', (name) => {
    expect(textOf(formatNamed(name), redRun)).not.toMatch(
      /calls of the build|Outgoing calls|"fault"|untrusted":\[[^\]]/,
    );
  });
});

it('is short on GitHub, however much there is to say: it drops what is more', () => {
  const long = 'x'.repeat(100_000);
  const results = Array.from({ length: 500 }, (_, i) =>
    caseResult({
      id: String(i),
      verdict: i % 2 === 0 ? 'fail' : 'skipped',
      reason: `${i}`,
      differences: [{ path: long, kind: 'added', expected: null, actual: long }],
    }),
  );
  const run = finishedRun(reportOf(results, []));
  const lines = textOf(formatNamed('github'), run).trimEnd().split('\n');
  for (const kind of ['error', 'warning', 'notice']) {
    expect(lines.filter((line) => line.startsWith(`::${kind} `)).length).toBeLessThanOrEqual(10);
  }
  expect(Buffer.byteLength(textOf(formatNamed('markdown'), run))).toBeLessThan(1024 * 1024);
});

it('escapes what commands of GitHub mean something by', () => {
  const text = textOf(formatNamed('github'), runSaying('50% a,b:c\r\nd'));
  expect(text).toContain('file=50%25 a%2Cb%3Ac\\x0d%0Ad.tape,title=');
  expect(text).toContain('::timeout 50%25 a,b:c\\x0d%0Ad: no complete answer');
});

function formatNamed(name: string): ReportFormat {
  const found = reportFormats.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no format ${name}`);
  return found;
}
