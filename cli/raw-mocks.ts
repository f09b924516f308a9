/** What `mock` and `test` say of raw streams that are played by exact bytes, marked as such wherever they are named. */
import type { RawMiss } from '../replayer/mocks/raw/play';
import { noRawMocks, type RawMockSet, rawMocksFrom } from '../replayer/mocks/raw/recorded';
import type { RawMockServer } from '../replayer/mocks/raw/server';
import type { Serve } from '../replayer/mocks/served';
import type { StoredExchange } from '../tape/store/tape';
import type { MockArguments } from './mock-options';
import { count, visibleText } from './terminal';

/** None unless they were asked for: by exact bytes is the last resort. */
export function rawMocksOf({ rawMocks }: MockArguments, served: readonly StoredExchange[], serve?: Serve): RawMockSet {
  return rawMocks ? rawMocksFrom(served, serve) : noRawMocks;
}

const byBytes = '(raw, by exact bytes)';

export function rawListeners({ addresses }: RawMockServer): string {
  return [...addresses].map(([name, own]) => `listening tcp://${own} ${name} ${byBytes}\n`).join('');
}

export function rawTeller(): (miss: RawMiss, text: string) => void {
  const told = new Set<string>();
  return (_, text) => {
    if (told.has(text)) return;
    if (told.size < 1000) told.add(text);
    process.stderr.write(`${visibleText(text)}\n`);
  };
}

export function rawSummaryLines({ mocks }: RawMockSet, server: RawMockServer): string[] {
  if (mocks.length === 0) return [];
  const { connections, missed } = server.served();
  const unused = server.unused();
  return [
    `played ${count(connections, 'raw connection')}, ${missed} ${missed === 1 ? 'miss' : 'misses'}; ${mocks.length - unused.length} of ${count(mocks.length, 'recorded stream')} asked for`,
    ...unused.slice(0, 10).map(({ id, upstream }) => `unused    exchange ${id}, ${upstream} ${byBytes}`),
  ];
}
