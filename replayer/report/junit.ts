/**
 * The report as JUnit XML, in the dialect that CI servers share: testsuites, testsuite, testcase, failure, error,
 * skipped. Durations are left out: a report says the same whatever the clock says.
 */
import { stringifyJson } from '../../tape/json/json';
import type { Difference } from '../judge/difference';
import type { Miss } from '../mocks/match/miss';
import { type CaseNotes, type CaseResult, type ExcusedPlace, failingMisses, isEmpty, type RunReport } from './report';

export interface JunitOptions {
  /** What was replayed: the tape's name. */
  readonly suite: string;
  readonly notes: ReadonlyMap<string, CaseNotes>;
}

export function junitReport(report: RunReport, { suite, notes }: JunitOptions): string {
  const failed = new Set(report.results.filter(({ verdict }) => verdict === 'fail').map(({ id }) => id));
  const misses = failingMisses(report).filter((miss) => miss.case === null || !failed.has(miss.case));
  const missed = misses.length === 0 ? 0 : 1;
  const own = missed + (isEmpty(report) ? 1 : 0);
  const counts = {
    tests: report.cases + own,
    failures: report.failed + own,
    errors: report.errored,
    skipped: report.skipped,
  };
  const attributes = attributesText({ name: suite, ...counts });
  const cases = report.results.map((result) => {
    const own = report.misses.filter((miss) => miss.case === result.id);
    return testcase(result, notes.get(result.id), [...new Set(own.map(({ message }) => message))]);
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${attributesText({ name: 'wiretape', ...counts })}>`,
    `  <testsuite ${attributes}>`,
    ...excusedProperties(report.excused),
    ...cases,
    ...(missed === 0 ? [] : [missesCase(misses)]),
    ...(isEmpty(report) ? [nothingPassed] : []),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

/** How often each rule excused a difference, and where. */
function excusedProperties(places: readonly ExcusedPlace[]): readonly string[] {
  if (places.length === 0) return [];
  const lines = places.map(({ rule, path, count }) => {
    return `      <property ${attributesText({ name: `excused by ${rule}: ${path}`, value: count })}/>`;
  });
  return ['    <properties>', ...lines, '    </properties>'];
}

function testcase(result: CaseResult, notes: CaseNotes | undefined, misses: readonly string[]): string {
  const attributes = attributesText({ name: `${result.name} [${result.id}]`, classname: classname(result.name) });
  const inner = outcome(result, notes, misses);
  return inner === '' ? `    <testcase ${attributes}/>` : `    <testcase ${attributes}>${inner}</testcase>`;
}

/** Calls no mock answers, of no failed case: the build makes them when it likes. */
function missesCase(misses: readonly Miss[]): string {
  const lines = [...new Set(misses.map(({ message }) => message))];
  const attributes = attributesText({ message: `${misses.length} calls that no mock answers`, type: 'mock-miss' });
  const failure = `<failure ${attributes}>${escaped(lines.join('\n'))}</failure>`;
  return `    <testcase ${attributesText({ name: 'calls to mocks', classname: 'mocks' })}>${failure}</testcase>`;
}

/** Servers show a file without failures as green; a run in which nothing passed is not. */
const nothingPassed =
  '    <testcase name="something passed" classname="run"><failure message="0 passed" type="nothing-passed"/></testcase>';

/** `POST /orders/{orderId}`: servers group by it. */
function classname(name: string): string {
  return name.replace(/ -> .*$/, '');
}

function outcome(result: CaseResult, notes: CaseNotes | undefined, misses: readonly string[]): string {
  const details = [...(notes?.hints ?? []), ...(notes?.curl ? [notes.curl] : [])];
  if (result.verdict === 'skipped') return `<skipped ${attributesText({ message: reasonText(result, details) })}/>`;
  if (result.verdict === 'error') {
    return `<error ${attributesText({ message: reasonText(result, details), type: result.reason ?? 'error' })}>${escaped(details.join('\n'))}</error>`;
  }
  if (result.verdict !== 'fail') return '';
  const lines = result.differences.map(differenceText);
  if (misses.length > 0) {
    const follows = `${lines.length} differences of the answer, which may follow from that`;
    const text = escaped([...misses, follows, ...details].join('\n'));
    return `<failure ${attributesText({ message: misses[0] ?? '', type: 'mock-miss' })}>${text}</failure>`;
  }
  const message = `${lines.length} ${lines.length === 1 ? 'difference' : 'differences'}: ${lines[0] ?? ''}`;
  return `<failure ${attributesText({ message, type: 'difference' })}>${escaped([...lines, ...details].join('\n'))}</failure>`;
}

function reasonText(result: CaseResult, details: readonly string[]): string {
  return [result.reason, details[0]].filter((text) => text !== null && text !== undefined).join(': ');
}

function differenceText({ path, kind, expected, translated, actual }: Difference): string {
  if (kind === 'unchanged') return `${path} unchanged: still ${stringifyJson(actual)}`;
  const inRun = translated === undefined ? '' : ` (in this run ${stringifyJson(translated)})`;
  return `${path} ${kind}: expected ${stringifyJson(expected)}${inRun}, got ${stringifyJson(actual)}`;
}

function attributesText(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(
      ([name, value]) =>
        `${name}="${escaped(String(value))
          .replaceAll('"', '&quot;')
          .replace(/\s*\n\s*/g, ' ')}"`,
    )
    .join(' ');
}

/** XML 1.0 has no way to write most control characters, lone surrogates, U+FFFE and U+FFFF: they are dropped. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(forbidden, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the characters XML 1.0 section 2.2 forbids
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]/g;
