/** What `wiretape import` says at its end. Pure: counts in, lines out. */
import type { Imported } from '../tape/import/importer';
import { type Exchange, type Problem, problemWords } from '../tape/model/exchange';
import { visibleLine } from './terminal';

export interface ImportSummary {
  readonly file: string;
  readonly title: string;
  readonly tape: string;
  readonly imported: Imported;
  /** Those that passed the filters. */
  readonly exchanges: readonly Exchange[];
}

export function importSummary({ file, title, tape, imported, exchanges }: ImportSummary): readonly string[] {
  const inbound = exchanges.filter(({ connection }) => connection.direction === 'inbound').length;
  const outbound = exchanges.length - inbound;
  const complete = exchanges.filter(({ problems }) => problems.length === 0).length;
  const filtered = imported.exchanges.length - exchanges.length;
  const whose = [...(inbound > 0 ? [`${inbound} inbound`] : []), ...(outbound > 0 ? [`${outbound} outbound`] : [])];
  return [
    `imported ${exchanges.length === 1 ? '1 exchange' : `${exchanges.length} exchanges`} from ${file} (${title}) onto ${tape}: ${whose.join(', ')}`,
    `  complete   ${complete} of ${exchanges.length}`,
    ...problemLines(exchanges),
    ...(filtered > 0 ? [`  filtered   ${filtered} left out by --include and --exclude`] : []),
    ...imported.notes.map((note) => `  note       ${note}`),
  ].map(visibleLine);
}

function problemLines(exchanges: readonly Exchange[]): readonly string[] {
  const counts = new Map<Problem, number>();
  for (const { problems } of exchanges) for (const word of problems) counts.set(word, (counts.get(word) ?? 0) + 1);
  return Array.from(counts, ([word, times]) => `             ${times} ${word}: ${problemWords[word]}`).sort();
}
