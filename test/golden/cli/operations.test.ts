/** What `ls`, `show` and the views of the tape say of applications that are spoken over HTTP. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import pc from 'picocolors';
import { exchangeJson, summaryJson } from '../../../cli/exchange-json';
import { pageLines } from '../../../cli/exchange-page';
import { tableLines } from '../../../cli/exchange-table';
import { parseFilterPattern } from '../../../tape/model/filter';
import { openTapeReader, openTapeWriter } from '../../../tape/store/sqlite';
import type { StoredExchange } from '../../../tape/store/tape';
import { contentOf, type Talk } from '../../support/applications';
import { expectGolden } from '../../support/golden';
import { asRedacted, epochUs, exchangeOf, sessionStart } from '../../support/tapes';

const document = 'query OrderById($id: ID!) { order(id: $id) { total } }';
const talks: readonly Talk[] = [
  { target: '/graphql', asks: { query: document, variables: { id: 7 } }, answers: { data: { order: { total: 12 } } } },
  { target: '/graphql', asks: { query: document }, answers: { data: null, errors: [{ message: 'no such order' }] } },
  { target: '/orders?x=1', asks: { amount: 3 }, answers: { id: 17 }, status: 201 },
];

const folder = mkdtempSync(join(tmpdir(), 'wiretape-operations-'));
const path = join(folder, 'operations.tape');
let reader: ReturnType<typeof openTapeReader>;
beforeAll(() => {
  const writer = openTapeWriter(path);
  const session = writer.beginSession(sessionStart);
  const exchanges = talks.map((talk, i) =>
    exchangeOf({ number: i + 1, seq: i, startedAtUs: epochUs + i * 10_000, ...contentOf(talk) }),
  );
  writer.append(
    session,
    exchanges.map((exchange) => asRedacted(exchange, [])),
  );
  writer.endSession(session, { endedAtUs: epochUs + 1_000_000, reason: 'interrupted' });
  writer.close();
  reader = openTapeReader(path);
});
afterAll(async () => {
  await reader.close();
  rmSync(folder, { recursive: true });
});

async function stored(id: number): Promise<StoredExchange> {
  const found = await reader.exchange(String(id));
  if (found === undefined) throw new Error(`there is no exchange ${id}`);
  return found;
}

it('lists what was asked for before where it was sent', async () => {
  const counts = { exchanges: 0, inbound: 0, outbound: 0, incomplete: 0 };
  const lines = tableLines(reader.summaries(), counts, { colors: pc.createColors(false), width: undefined });
  expectGolden('cli/expected/operations.txt', (await Array.fromAsync(lines)).join('\n'));
});

it('shows it among the facts', async () => {
  expectGolden('cli/expected/operation-2.txt', pageLines(await stored(2), pc.createColors(false)).join('\n'));
});

it('says it to scripts beside the fields of HTTP', async () => {
  const lines = await Array.fromAsync(reader.summaries(), (summary) => JSON.stringify(summaryJson(summary)));
  expectGolden('cli/expected/operations.ndjson', lines.join('\n'));
  expect(exchangeJson(await stored(1))).toMatchObject({ method: 'POST', path: '/graphql', status: 200, result: '200' });
});

it('gives back the request and the response as they were', async () => {
  for (const [i, talk] of talks.entries()) expect((await stored(i + 1)).exchange.content).toEqual(contentOf(talk));
});

it.each([
  ['POST */graphql', ['1', '2']],
  ['query OrderById', ['1', '2']],
  ['QUERY Order*', ['1', '2']],
  ['* OrderById', ['1', '2']],
  ['mutation OrderById', []],
  ['query orderbyid', []],
  ['POST shop.test/**', ['1', '2', '3']],
])('finds them by %s', async (pattern, ids) => {
  const include = [parseFilterPattern(pattern)];
  expect(await Array.fromAsync(reader.summaries({ include }), ({ id }) => id)).toEqual(ids);
  expect(await Array.fromAsync(reader.exchanges({ include }), ({ id }) => id)).toEqual(ids);
});

it('keeps the words of HTTP in the views', () => {
  const database = new Database(path, { readonly: true });
  try {
    const rows = database.prepare('SELECT method, path, status, operation, result FROM exchange_list').raw().all();
    expect(rows).toEqual([
      ['POST', '/graphql', 200, 'query OrderById', '200'],
      ['POST', '/graphql', 200, 'query OrderById', 'errors'],
      ['POST', '/orders?x=1', 201, null, '201'],
    ]);
    const endpoints = database.prepare('SELECT method, path, operation, exchanges FROM endpoints').raw().all();
    expect(endpoints).toEqual([
      ['POST', '/graphql', 'query OrderById', 2],
      ['POST', '/orders', null, 1],
    ]);
    expect(database.prepare('SELECT id, operation FROM failed_exchanges').raw().all()).toEqual([
      [2, 'query OrderById'],
    ]);
  } finally {
    database.close();
  }
});
