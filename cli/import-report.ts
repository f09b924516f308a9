/** What `wiretape import` says at its end. Pure: counts in, lines out. */
import type { ReflectionStats } from '../recorder/learn/reflected-files';
import type { Coverage } from '../recorder/tally/coverage';
import { type Problem, problemWords } from '../tape/model/exchange';
import { reflectionLines } from './reflection-report';
import { visibleLine } from './terminal';

export interface ImportSummary {
  readonly file: string;
  readonly title: string;
  readonly tape: string;
  readonly session: ImportCounts;
  readonly filtered: number;
  readonly notes: readonly string[];
  readonly reflection: ReflectionStats | null;
}

export interface ImportCounts {
  readonly exchanges: number;
  readonly inbound: number;
  readonly outbound: number;
  readonly complete: number;
  readonly problems: ReadonlyMap<Problem, number>;
}

export function importSummary(summary: ImportSummary): readonly string[] {
  const { file, title, tape, session, filtered, notes, reflection } = summary;
  const { exchanges, inbound, outbound, complete, problems } = session;
  const unknown = exchanges - inbound - outbound;
  const whose = [
    ...(inbound > 0 ? [`${inbound} inbound`] : []),
    ...(outbound > 0 ? [`${outbound} outbound`] : []),
    ...(unknown > 0 ? [`${unknown} of unknown direction`] : []),
  ];
  return [
    `imported ${counted(exchanges, 'exchange')} from ${file} (${title}) onto ${tape}: ${whose.join(', ')}`,
    `  complete   ${complete} of ${exchanges}`,
    ...Array.from(problems, ([word, times]) => `             ${times} ${word}: ${textOf(word)}`).sort(),
    ...(filtered > 0 ? [`  filtered   ${filtered} left out by --include and --exclude`] : []),
    ...(reflection === null ? [] : reflectionLines(reflection)),
    ...notes.map((note) => `  note       ${note}`),
  ].map(visibleLine);
}

/** What the words mean of a file, where it is not the recorder that could not keep up or came too late. */
const inFiles: Partial<Record<Problem, string>> = {
  'lost-bytes': 'packets are missing in the file; the bytes are counted',
  encrypted: 'TLS whose secrets no key log held',
  'started-mid-stream': 'the connection is older than the file',
};

function textOf(word: Problem): string {
  return inFiles[word] ?? problemWords[word];
}

/** What a capture holds besides what could be read. */
export function coverageNotes({ unread, raw, silent, rawProtocols }: Coverage): readonly string[] {
  const names = rawProtocols.map(({ protocol, streams }) => `${protocol ?? 'unknown'} ${streams}`);
  return [
    ...(unread > 0
      ? [`TLS of ${counted(unread, 'connection')} could not be read: no secrets of theirs (--keylog)`]
      : []),
    ...(raw > 0 ? [`${counted(raw, 'connection')} of protocols that are not parsed: ${names.join(', ')}`] : []),
    ...(silent > 0 ? [`${counted(silent, 'connection')} without data`] : []),
  ];
}

function counted(times: number, noun: string): string {
  return times === 1 ? `1 ${noun}` : `${times} ${noun}s`;
}
