/** What the tests leave for the table of scripts/peers. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExportRow, PairRow } from '../../scripts/peers/table';
import { repository } from '../support/programs';

type Row =
  | ({ readonly kind: 'pair' } & Omit<PairRow, 'passed'> & { readonly passed: readonly string[] })
  | ({ readonly kind: 'export' } & ExportRow);

export function keepRow(row: Row): void {
  appendFileSync(join(repository, 'build/peers/results.jsonl'), `${JSON.stringify(row)}\n`);
}
