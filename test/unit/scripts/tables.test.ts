/** README's tables say what the records of the last runs say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as kernels from '../../../scripts/kernels/table';
import * as peers from '../../../scripts/peers/table';
import * as tls from '../../../scripts/tls/table';
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

it('the table of who was recorded over TLS is that of docs/tls.json', () => {
  expect(tls.withTable(readme, tls.tableOf(recordIn('tls.json')))).toBe(readme);
});

describe('what was recorded over TLS', () => {
  const row = {
    library: 'go',
    of: 'stripped',
    role: 'server',
    protocol: 'http1',
    version: '1.3',
    by: 'npm test',
  } as const;
  const run = { by: 'npm test', isWhole: true };

  it('is a line for a program, with all that was seen of it', () => {
    const read = [row, { ...row, protocol: 'http2' }, { ...row, version: '1.2' }];
    const text = tls.tableOf({ on: '2026-11-28', versions: { Go: '1.26.8' }, read });
    expect(text.split('\n').slice(-1)).toEqual(['| `go` | stripped | HTTP/1.1, HTTP/2 | - | 1.2, 1.3 | `npm test` |']);
  });

  it('is of the last whole run, and of what other commands left', () => {
    const others = { ...row, of: 'Deno', by: 'npm run test:peers' };
    const before = [row, { ...row, of: 'gone' }, others];
    expect(tls.joined(before, [row], run)).toEqual([others, row]);
    expect(tls.joined(before, [{ ...row, role: 'client' }], { ...run, isWhole: false })).toEqual([
      others,
      before[1],
      { ...row, role: 'client' },
    ]);
  });
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
