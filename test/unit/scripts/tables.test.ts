/** README's tables say what the records of the last runs say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as kernels from '../../../scripts/kernels/table';
import * as peers from '../../../scripts/peers/table';
import { root } from '../../support/source-tree';

const readme = readFileSync(join(root, 'README.md'), 'utf8');

function recordIn(file: string) {
  return JSON.parse(readFileSync(join(root, 'docs', file), 'utf8'));
}

it('the table of kernels is that of docs/kernels.json', () => {
  expect(kernels.withTable(readme, kernels.tableOf(recordIn('kernels.json')))).toBe(readme);
});

it('the table of peers is that of docs/peers.json', () => {
  expect(peers.withTable(readme, peers.tableOf(recordIn('peers.json')))).toBe(readme);
});

it('a table says what failed, and what was not run', () => {
  const pair = { protocol: 'grpc', server: 'Go', client: 'Java', tls: false, atOnce: 100, missing: null };
  const text = peers.tableOf({
    on: '2026-11-27',
    versions: { Go: '1.26.8' },
    pairs: [
      { ...pair, passed: ['recorded', 'replayed', 'changed'] },
      { ...pair, atOnce: null, passed: [], missing: 'no mvn' },
    ],
    exports: [{ format: 'k6', tool: 'k6', passed: false, missing: null }],
  });
  expect(text.split('\n').slice(-4)).toEqual([
    '| gRPC | Go | Java | plaintext | 100 | yes | yes | yes | **no** |',
    '| gRPC | Go | Java | plaintext | - | not run | not run | not run | not run |',
    '',
    'Exported and run: `k6` by k6: **not as recorded**.',
  ]);
});

it('a text without a place for the table is refused', () => {
  expect(() => peers.withTable('# wiretape', '')).toThrow('There is no place for a table');
});
