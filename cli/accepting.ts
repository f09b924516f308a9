/** How differences of a run are accepted afterwards: the command that its reports offer, as a shell takes it. */
import type { Accepting } from '../replayer/report/acceptable';
import { shellWord } from '../replayer/report/curl';
import { json } from '../replayer/report/json';
import type { Reports } from './report-files';

export interface AcceptingArguments {
  readonly tape: string;
  readonly accepted?: string | undefined;
  readonly redact?: string | undefined;
  readonly protoSet?: readonly string[] | undefined;
}

const usualReport = 'report.json';

/** Options that say what is written, and where; everything else stands in the report. */
export function acceptingFrom(args: AcceptingArguments, { files }: Reports): Accepting {
  const { tape, accepted, redact, protoSet = [] } = args;
  const report = files.find(({ format }) => format === json)?.file;
  const words = [
    ...['wiretape', 'accept', tape, '--from', report ?? usualReport],
    ...(accepted === undefined ? [] : ['--accepted', accepted]),
    ...(redact === undefined ? [] : ['--redact', redact]),
    ...protoSet.flatMap((file) => ['--proto-set', file]),
  ];
  return { command: words.map(shellWord).join(' '), isReady: report !== undefined };
}
