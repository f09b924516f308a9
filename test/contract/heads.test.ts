/**
 * Header fields on a tape: lists that many exchanges have are kept once, whatever changes in them from one to the next, and
 * each exchange gets its own back, in order, case and repeats. SQL sees the same.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { HeaderList } from '../../tape/model/body';
import { openTapeReader, openTapeWriter } from '../../tape/store/sqlite';
import { asRedacted, epochUs, exchangeOf, requestOf, responseOf, sessionStart } from '../support/tapes';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-heads-'));
  path = join(folder, 'a.tape');
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Pair {
  readonly request: HeaderList;
  readonly response: HeaderList;
}

function record(pairs: readonly Pair[], { atOnce = 7 } = {}): void {
  const writer = openTapeWriter(path);
  const session = writer.beginSession(sessionStart);
  const exchanges = pairs.map(({ request, response }, i) =>
    exchangeOf({
      number: i + 1,
      seq: i,
      startedAtUs: epochUs + i,
      request: requestOf({ headers: request }),
      response: responseOf({ headers: response }),
    }),
  );
  for (let from = 0; from < exchanges.length; from += atOnce) {
    writer.append(
      session,
      exchanges.slice(from, from + atOnce).map((exchange) => asRedacted(exchange)),
    );
  }
  writer.close();
}

async function readBack(): Promise<Pair[]> {
  const reader = openTapeReader(path);
  const found = await Array.fromAsync(reader.exchanges(), ({ exchange }) => {
    const { request, response } = exchange.content as { request: Head; response: Head };
    return { request: request.headers, response: response.headers };
  });
  await reader.close();
  return found;
}

interface Head {
  readonly headers: HeaderList;
}

/** What the view says, put together again. */
function viewed(): Pair[] {
  const database = new Database(path, { readonly: true });
  const rows = database
    .prepare<[], { exchange_id: number; message: 'request' | 'response'; name: string; value: string }>(
      'SELECT * FROM message_headers ORDER BY exchange_id, message, position',
    )
    .all();
  database.close();
  return [...Map.groupBy(rows, ({ exchange_id }) => exchange_id).values()].map((own) => {
    const of = (side: 'request' | 'response'): HeaderList =>
      own.filter(({ message }) => message === side).map(({ name, value }) => [name, value]);
    return { request: of('request'), response: of('response') };
  });
}

function headsKept(): number {
  const database = new Database(path, { readonly: true });
  const kept = database.prepare<[], number>('SELECT count(*) FROM heads').pluck().get() ?? 0;
  database.close();
  return kept;
}

/** As of a service: a few clients, a few routes, and what differs every time. */
function pairOf(i: number): Pair {
  return {
    request: [
      ['Host', 'shop.test'],
      ['User-Agent', `client/${i % 3}`],
      ['X-Request-Id', `id-${i}`],
      ['accept', 'a'],
      ['Accept', 'b'],
    ],
    response: [
      ['Content-Type', ['application/json', 'text/html; charset=utf-8'][i % 2] ?? ''],
      ['ETag', `"${i}"`],
      ['Date', `at ${Math.floor(i / 50)}`],
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', `b=${i}`],
    ],
  };
}

it('each exchange gets its own back, from the reader and from the view', async () => {
  const pairs = Array.from({ length: 500 }, (_, i) => pairOf(i));
  record(pairs);
  expect(await readBack()).toEqual(pairs);
  expect(viewed()).toEqual(pairs);
});

it('few lists are kept: what changes is left open after a while', () => {
  record(Array.from({ length: 2000 }, (_, i) => pairOf(i)));
  expect(headsKept()).toBeLessThan(60);
});

it('fields that have many combinations of few values each do not make a list for each combination', async () => {
  const digits = (i: number) => [0, 1, 2, 3, 4].map((place) => Math.floor(i / 6 ** place) % 6);
  const pairs = Array.from({ length: 6000 }, (_, i) => {
    const headers: HeaderList = digits(i).map((digit, place) => [`f${place}`, `${digit}`]);
    return { request: headers, response: [] };
  });
  record(pairs, { atOnce: 1000 });
  expect(await readBack()).toEqual(pairs);
  expect(headsKept()).toBeLessThan(250);
});

it('values that look alike when written one after another stay apart', async () => {
  const lists: HeaderList[] = [
    [
      ['a', '1 2'],
      ['b', '3'],
    ],
    [
      ['a', '1'],
      ['b', '2 3'],
    ],
    [
      ['a', ''],
      ['b', '1 23'],
    ],
    [
      ['a', '3 1 2'],
      ['b', ''],
    ],
    [['a', '0']],
    [],
    [['a', 'ÿ\n"\u0000é']],
  ];
  const pairs = lists.map((list) => ({ request: list, response: list }));
  record(pairs);
  expect(await readBack()).toEqual(pairs);
  expect(viewed()).toEqual(pairs.filter(({ request }) => request.length > 0));
});

it('long lists and many different ones come back too', async () => {
  const long: HeaderList = [['Cookie', 'x'.repeat(60_000)]];
  const pairs = Array.from({ length: 400 }, (_, i): Pair => {
    return { request: i % 5 === 0 ? long : [[`Field-${i % 300}`, `v${i}`]], response: [['n', `${i}`]] };
  });
  record(pairs);
  expect(await readBack()).toEqual(pairs);
});

it('an exchange that grows keeps its own, and so does one after a batch that could not be written', async () => {
  const writer = openTapeWriter(path);
  const session = writer.beginSession(sessionStart);
  const open = exchangeOf({
    outcome: 'open',
    durationUs: null,
    request: requestOf({ headers: [['a', '1']] }),
    response: null,
  });
  writer.append(session, [asRedacted(open)]);
  const broken = exchangeOf({ number: 2, seq: 1, request: requestOf({ headers: [['b', '2']] }) });
  const unwritable = { ...broken, startedAtUs: null as unknown as number, number: 3 };
  expect(() => writer.append(session, [asRedacted(broken), asRedacted(unwritable)])).toThrow(/started_us/);
  writer.append(session, [
    asRedacted(broken),
    asRedacted(exchangeOf({ request: requestOf({ headers: [['a', '1']] }) })),
  ]);
  writer.close();
  const found = (await readBack()).map(({ request }) => request);
  expect(found).toEqual([[['a', '1']], [['b', '2']]]);
});
