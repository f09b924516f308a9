/** The report as the one JSON document of `--json` (schema 1); numbers beyond a double are written as they were. */
import { type JsonValue, stringifyJson } from '../../tape/json/json';
import type { ReportFormat } from './format';
import type { RunReport } from './report';

export const json: ReportFormat = {
  name: 'json',
  describe: 'the document of --json',
  *render({ report }) {
    yield* jsonPieces(report);
    yield '\n';
  },
};

/** One line, without a newline at its end. */
export function jsonReport(report: RunReport): string {
  return [...jsonPieces(report)].join('');
}

/** Lists of results are written one element after another; the rest is short. */
function* jsonPieces(report: RunReport): Iterable<string> {
  let before = '{';
  for (const [name, value] of Object.entries(report).filter(([, each]) => each !== undefined)) {
    yield `${before}${JSON.stringify(name)}:`;
    if (Array.isArray(value)) yield* listPieces(value);
    else yield stringifyJson(value as unknown as JsonValue);
    before = ',';
  }
  yield '}';
}

function* listPieces(list: readonly unknown[]): Iterable<string> {
  yield '[';
  for (const [i, each] of list.entries()) yield (i === 0 ? '' : ',') + stringifyJson(each as JsonValue);
  yield ']';
}
