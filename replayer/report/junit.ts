/**
 * The report as JUnit XML, in the dialect that CI servers share: testsuites, testsuite, testcase, failure, error,
 * skipped. What fails the run beside its cases is a case of its own, because servers look at nothing else.
 */
import { caseLines, headline, missTextsOf } from './case-text';
import { endpointOf } from './endpoint';
import { type FinishedRun, type WholeRunFailure, wholeRunFailures } from './finished-run';
import type { ReportFormat } from './format';
import type { CaseResult, ExcusedPlace } from './report';

export const junit: ReportFormat = {
  name: 'junit',
  describe: 'JUnit XML, for CI servers',
  *render(run) {
    const { report, suite } = run;
    const beside = wholeRunFailures(report);
    const counts = {
      tests: report.cases + beside.length,
      failures: report.failed + beside.length,
      errors: report.errored,
      time: seconds(report.results.reduce((sum, { id }) => sum + playedMs(run, id), 0)),
    };
    yield '<?xml version="1.0" encoding="UTF-8"?>\n';
    yield `<testsuites ${attributesText({ name: 'wiretape', ...counts })}>\n`;
    const timestamp = new Date(run.startedAtMs).toISOString().slice(0, 19);
    yield `  <testsuite ${attributesText({ name: suite, ...counts, skipped: report.skipped, timestamp })}>\n`;
    yield* excusedProperties(report.excused);
    for (const result of report.results) yield testcase(result, run);
    for (const failure of beside) yield wholeRunCase(failure);
    yield '  </testsuite>\n</testsuites>\n';
  },
};

function playedMs({ details }: FinishedRun, id: string): number {
  return details.get(id)?.playedMs ?? 0;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** How often each rule excused a difference, and where. */
function* excusedProperties(places: readonly ExcusedPlace[]): Iterable<string> {
  if (places.length === 0) return;
  yield '    <properties>\n';
  for (const { rule, path, count } of places) {
    yield `      <property ${attributesText({ name: `excused by ${rule}: ${path}`, value: count })}/>\n`;
  }
  yield '    </properties>\n';
}

function testcase(result: CaseResult, run: FinishedRun): string {
  const attributes = attributesText({
    name: `${result.name} [${result.id}]`,
    classname: endpointOf(result.name),
    time: seconds(playedMs(run, result.id)),
  });
  const inner = outcome(result, run);
  return inner === '' ? `    <testcase ${attributes}/>\n` : `    <testcase ${attributes}>${inner}</testcase>\n`;
}

function wholeRunCase({ name, group, type, message, lines }: WholeRunFailure): string {
  const failure = `<failure ${attributesText({ message, type })}>${escaped(lines.join('\n'))}</failure>`;
  return `    <testcase ${attributesText({ name, classname: group, time: '0.000' })}>${failure}</testcase>\n`;
}

function outcome(result: CaseResult, { notes, report }: FinishedRun): string {
  const own = notes.get(result.id);
  const misses = missTextsOf(result, report);
  if (misses.length > 0) return missFailure(result, misses);
  const message = headline(result, own);
  if (result.verdict === 'skipped') return `<skipped ${attributesText({ message })}/>`;
  if (result.verdict === 'pass') return '';
  const text = escaped(caseLines(result, own).join('\n'));
  return result.verdict === 'error'
    ? `<error ${attributesText({ message, type: result.reason ?? 'error' })}>${text}</error>`
    : `<failure ${attributesText({ message, type: result.flaky === undefined ? 'difference' : 'flaky' })}>${text}</failure>`;
}

/** What differs in the answer mostly follows from the calls that no mock answered. */
function missFailure({ differences }: CaseResult, misses: readonly string[]): string {
  const follows = `${differences.length} differences of the answer, which may follow from that`;
  const text = escaped([...misses, follows].join('\n'));
  return `<failure ${attributesText({ message: misses[0] ?? '', type: 'mock-miss' })}>${text}</failure>`;
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
