/**
 * `wiretape pack`: whatever reads a packed tape is given exactly what was recorded; sqlite3 still sees what lists show.
 * There is the tape of before or that of after, and a packed tape is input as any other: damage is called damage.
 */
import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { WiretapeError } from '../../errors/wiretape-error';
import type { Exchange } from '../../tape/model/exchange';
import type { RedactionEntry } from '../../tape/redact/redacted';
import { openTapeReader, openTapeWriter, rewriteTape } from '../../tape/store/sqlite';
import { runWiretape } from '../support/command';
import { outlinesIn } from '../support/outlines';
import { shopExchanges } from '../support/shop-tape';
import { readProjectFile, root } from '../support/source-tree';
import {
  asRedacted,
  bodyOf,
  epochUs,
  exchangeOf,
  messageOf,
  requestOf,
  responseOf,
  sessionStart,
} from '../support/tapes';

jest.setTimeout(60_000);

let folder: string;
let path: string;
let packed: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-packed-'));
  path = join(folder, 'a.tape');
  packed = join(folder, 'packed.tape');
});
afterEach(() => rmSync(folder, { recursive: true }));

const entry = (place: string): RedactionEntry => {
  return { in: 'request', path: place, rule: 'token', placeholder: 'wt_0c9e41f7a2' };
};

/** Long and short, equal and different, coded and not, HTTP of both versions, a WebSocket, raw streams, one that goes on. */
function mixedExchanges(): (readonly [Exchange, readonly RedactionEntry[]])[] {
  const long = bodyOf('tea and biscuits '.repeat(2000));
  const zipped = bodyOf(gzipSync(Buffer.from(Array.from({ length: 40_000 }, (_, i) => (i * i) % 251))), {
    codings: ['gzip'],
  });
  const said = [
    messageOf('hello'),
    messageOf('x'.repeat(9000), { from: 'server' }),
    messageOf('', { kind: 'close', facts: { code: 1000, reason: 'bye' } }),
  ];
  const own: (readonly [Exchange, readonly RedactionEntry[]])[] = [
    [exchangeOf({ response: responseOf({ body: long }) }), []],
    [exchangeOf({ request: requestOf({ body: long }), response: responseOf({ body: long }) }), []],
    [exchangeOf({ response: responseOf({ body: zipped, headers: [['Content-Encoding', 'gzip']] }) }), []],
    [exchangeOf({ response: responseOf({ body: bodyOf(''), trailers: [['X-Sum', 'ÿ']] }) }), [entry('header.token')]],
    [
      exchangeOf({ protocol: 'websocket', messages: said, channel: null }),
      [entry('message[1].body'), entry('header.a')],
    ],
    [
      exchangeOf({
        protocol: 'http2',
        channel: 3,
        request: requestOf({ version: '2', authority: 'shop.test' }),
        response: responseOf({ version: '2', reason: '' }),
      }),
      [],
    ],
  ];
  const many = Array.from({ length: 300 }, (_, i): readonly [Exchange, readonly RedactionEntry[]] => [
    exchangeOf({
      request: requestOf({ target: `/items/${i}` }),
      response: responseOf({ body: bodyOf(JSON.stringify({ i: i % 150, text: 'abcde'.repeat(i % 75) })) }),
    }),
    [],
  ]);
  const going = exchangeOf({
    outcome: 'open',
    durationUs: null,
    response: responseOf({ body: bodyOf('line\n'.repeat(3000)) }),
  });
  const first = shopExchanges.length;
  const rest = [...own, ...many, [going, []] as const];
  return [
    ...shopExchanges,
    ...rest.map(([exchange, entries], i) => {
      const number = first + i + 1;
      return [{ ...exchange, number, seq: 10 + i, startedAtUs: epochUs + number }, entries] as const;
    }),
  ];
}

function record(file: string, exchanges = mixedExchanges()): void {
  const writer = openTapeWriter(file);
  const session = writer.beginSession(sessionStart);
  writer.append(
    session,
    exchanges.map(([exchange, entries]) => asRedacted(exchange, entries)),
  );
  writer.noteLoss(session, { atUs: epochUs, connection: 3, reason: 'ring-full', events: 3, bytes: 40_960 });
  writer.keepProtoFile(session, { name: 'a.proto', bytes: Buffer.from('a'), others: 1 });
  writer.endSession(session, { endedAtUs: epochUs, reason: 'interrupted' });
  writer.close();
}

/** Everything that reading can reach. */
async function readAll(file: string) {
  const reader = openTapeReader(file);
  try {
    const exchanges = await Array.fromAsync(reader.exchanges());
    return {
      exchanges,
      sessions: await reader.sessions(),
      summaries: await Array.fromAsync(reader.summaries()),
      single: await Promise.all(exchanges.slice(0, 40).map(({ id }) => reader.exchange(id))),
      outlines: outlinesIn(await reader.outlines()),
      asked: await Array.fromAsync(reader.exchangesWith(['3', '1', '20'])),
      followed: await Array.fromAsync(reader.follow(null, { until: 'caught-up' })),
    };
  } finally {
    await reader.close();
  }
}

const pack = (file: string, output = file) => rewriteTape(file, { output, isPacked: true });
const unpack = (file: string, output = file) => rewriteTape(file, { output, isPacked: false });
const hashOf = (file: string) => hash('sha256', readFileSync(file));

function query<T = unknown>(file: string, sql: string): T[] {
  const database = new Database(file, { readonly: true });
  try {
    return database.prepare<[], T>(sql).all();
  } finally {
    database.close();
  }
}

function change(file: string, sql: string, ...values: unknown[]): void {
  const database = new Database(file);
  database.prepare(sql).run(...values);
  database.close();
}

async function refusal(run: () => unknown): Promise<[string, ...string[]]> {
  try {
    await run();
  } catch (error) {
    if (error instanceof WiretapeError) return [error.code, ...error.seen];
    throw error;
  }
  throw new Error('nothing was refused');
}

/** Said in a word, where a difference of all that a tape holds would be pages. */
function isSame(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, b);
}

describe('a packed tape', () => {
  it('gives exactly what was recorded, and is smaller', async () => {
    record(path);
    const [before, bytes] = [await readAll(path), hashOf(path)];
    const { bytesBefore, bytesAfter } = pack(path, packed);
    expect(isSame(await readAll(packed), before)).toBe(true);
    expect([bytesBefore, bytesAfter]).toEqual([statSync(path).size, statSync(packed).size]);
    expect(bytesAfter).toBeLessThan(bytesBefore * 0.7);
    expect(hashOf(path)).toBe(bytes);
  });

  it('takes the place of the tape, for its owner alone, and leaves nothing beside it', async () => {
    record(path);
    const before = await readAll(path);
    pack(path);
    expect(isSame(await readAll(path), before)).toBe(true);
    expect(readdirSync(folder)).toEqual(['a.tape']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(query(path, 'SELECT count(*) AS n FROM exchanges WHERE packed IS NULL')).toEqual([{ n: 0 }]);
    expect(query(path, "SELECT count(*) AS n FROM bodies WHERE packing <> 'block'")).toEqual([{ n: 0 }]);
  });

  it('is packed again, and unpacked to the very rows that were recorded', async () => {
    record(path);
    const before = await readAll(path);
    pack(path, packed);
    for (let times = 0; times < 3; times++) pack(packed);
    const places = query<{ start: number }>(packed, 'SELECT start FROM blocks ORDER BY start').map(
      ({ start }) => start,
    );
    expect(places.length).toBe(2); // one of them holds what is repeated
    expect(isSame(await readAll(packed), before)).toBe(true);
    unpack(packed);
    expect(isSame(await readAll(packed), before)).toBe(true);
    for (const table of [
      'sessions',
      'connections',
      'exchanges',
      'messages',
      'heads',
      'losses',
      'proto_files',
      'blocks',
    ])
      expect(query(packed, `SELECT * FROM ${table}`)).toEqual(query(path, `SELECT * FROM ${table}`));
  });

  it('is recorded onto, read as one, and packed again', async () => {
    record(path);
    pack(path);
    record(path, mixedExchanges().slice(0, 30));
    const both = await readAll(path);
    expect(both.exchanges.length).toBe(mixedExchanges().length + 30);
    expect(query(path, 'SELECT count(*) AS n FROM exchanges WHERE packed IS NULL')).toEqual([{ n: 30 }]);
    pack(path);
    expect(isSame(await readAll(path), both)).toBe(true);
  });

  it('gives every command the same to print', async () => {
    record(path);
    pack(path, packed);
    const commands = [
      ['ls', '--json'],
      ['show', '1'],
      ['show', '16', '--json'],
      ['export', '--to', 'har'],
      ['export', '--to', 'curl'],
    ];
    for (const [command = '', ...args] of commands) {
      const run = (tape: string) => runWiretape([command, tape, ...args], { cwd: folder });
      const [plain, small] = [await run('a.tape'), await run('packed.tape')];
      expect(plain.stdout.length).toBeGreaterThan(10);
      expect([command, args, small.status, small.stdout === plain.stdout]).toEqual([command, args, plain.status, true]);
    }
  });

  it('of 0.1.0 is brought to the version of today, in the copy only', async () => {
    copyFileSync(join(root, 'fixtures/tapes/0.1.0/shop.tape'), path);
    chmodSync(path, 0o600);
    const all = async (file: string) => {
      const { exchanges, sessions, summaries } = await readAll(file);
      return { exchanges, sessions, summaries };
    };
    const [before, bytes] = [await all(path), hashOf(path)];
    pack(path, packed);
    expect(hashOf(path)).toBe(bytes);
    expect(isSame(await all(packed), before)).toBe(true);
    pack(path);
    expect(isSame(await all(path), before)).toBe(true);
  });

  it('keeps the tables and views that somebody added', () => {
    record(path);
    change(path, 'CREATE TABLE notes AS SELECT 7 AS a');
    pack(path);
    expect(query(path, 'SELECT * FROM notes')).toEqual([{ a: 7 }]);
  });
});

describe('what sqlite3 sees of it', () => {
  const page = readProjectFile('docs/tape-format.md');
  const queries = [...page.matchAll(/^```sql\n([\s\S]*?)\n```$/gm)].map((found) => found[1] ?? '');
  const same = [...(/^As before: (.*), and all other columns/m.exec(page)?.[1] ?? '').matchAll(/`(\w+)`/g)].map(
    (found) => found[1],
  );

  it('every query of the documentation runs, and views give what the documentation says they do', () => {
    record(path);
    pack(path, packed);
    for (const sql of queries) expect(() => query(packed, sql)).not.toThrow();
    expect(same.length).toBeGreaterThan(6);
    for (const view of same)
      expect([view, query(packed, `SELECT * FROM ${view}`)]).toEqual([view, query(path, `SELECT * FROM ${view}`)]);
  });

  it('header fields that are not left open, and no text of a body that would not be it', () => {
    record(path);
    pack(path, packed);
    const fields = (file: string) => query<Field>(file, 'SELECT * FROM message_headers');
    const [plain, small] = [fields(path), fields(packed)];
    expect(small.map(({ value, ...field }) => ({ ...field, value: null }))).toEqual(
      plain.map((field) => ({ ...field, value: null })),
    );
    expect(small.filter(({ value }, i) => value !== null && value !== plain[i]?.value)).toEqual([]);
    expect(query(packed, 'SELECT * FROM body_texts WHERE body IS NOT NULL OR codings IS NOT NULL')).toEqual([]);
    expect(query(packed, 'SELECT * FROM message_texts WHERE body IS NOT NULL')).toEqual([]);
  });

  interface Field {
    readonly value: string | null;
  }
});

describe('packing', () => {
  it('refuses a tape that is being recorded, in its place and elsewhere', async () => {
    record(path);
    const writer = openTapeWriter(path);
    expect((await refusal(() => pack(path)))[0]).toBe('TAPE_BUSY');
    expect((await refusal(() => pack(path, packed)))[0]).toBe('TAPE_BUSY');
    writer.close();
    expect(readdirSync(folder)).toEqual(['a.tape']);
  });

  it('takes no tape from under who reads it', async () => {
    record(path);
    const writer = openTapeWriter(path);
    const reader = openTapeReader(path);
    writer.close(); // which leaves the journal to the reader
    const [code] = await refusal(() => pack(path));
    const read = await Array.fromAsync(reader.exchanges());
    await reader.close();
    expect([code, read.length]).toEqual(['TAPE_BUSY', mixedExchanges().length]);
    pack(path);
    expect(readdirSync(folder)).toEqual(['a.tape']);
  });

  it('refuses what is no tape, and makes none', async () => {
    writeFileSync(join(folder, 'b.txt'), 'no tape');
    expect((await refusal(() => pack(path)))[0]).toBe('TAPE_MISSING');
    expect((await refusal(() => pack(join(folder, 'b.txt'))))[0]).toBe('TAPE_FOREIGN');
    expect(readdirSync(folder)).toEqual(['b.txt']);
  });

  it('writes over no other file', async () => {
    record(path);
    writeFileSync(packed, 'mine');
    expect(await refusal(() => pack(path, packed))).toEqual(['FILE_UNREADABLE', 'there is a file of that name']);
    expect(readFileSync(packed, 'utf8')).toBe('mine');
    expect((await refusal(() => pack(path, join(folder, 'none/b.tape'))))[0]).toBe('FILE_UNREADABLE');
  });

  it('refuses damage, and leaves the tape as it is', async () => {
    record(path);
    change(path, "UPDATE exchanges SET content = x'00' WHERE id = 20");
    expect((await refusal(() => pack(path)))[0]).toBe('TAPE_DAMAGED');
    expect(readdirSync(folder)).toEqual(['a.tape']);
    expect(query(path, 'SELECT count(*) AS n FROM writer')).toEqual([{ n: 0 }]);
    expect(query(path, 'SELECT count(*) AS n FROM exchanges WHERE packed IS NOT NULL')).toEqual([{ n: 0 }]);
  });

  it('that is killed leaves the tape of before, or that of after', async () => {
    record(path);
    const before = await readAll(path);
    const events = watch(folder);
    const child = spawn(process.execPath, [join(root, 'dist/cli/main.js'), 'pack', 'a.tape'], {
      cwd: folder,
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    events.on('change', (_, name) => void (String(name).includes('.partial-') && child.kill('SIGKILL')));
    await ended;
    events.close();
    expect(isSame(await readAll(path), before)).toBe(true);
    pack(path);
    expect((await readAll(path)).exchanges).toEqual(before.exchanges);
  });
});

describe('a packed tape that somebody changed', () => {
  beforeEach(() => {
    record(path);
    pack(path);
  });

  it('gives no other traffic: a flipped bit is damage, wherever in a block it is', async () => {
    const [block] = query<{ start: number; bytes: Buffer }>(path, 'SELECT start, bytes FROM blocks ORDER BY start');
    if (block === undefined) throw new Error('there is no block');
    for (let step = 0; step < 60; step++) {
      const at = Math.floor((step * block.bytes.length) / 60);
      const bytes = Buffer.from(block.bytes);
      bytes.writeUInt8((bytes[at] ?? 0) ^ (1 << (step % 8)), at);
      change(path, 'UPDATE blocks SET bytes = ? WHERE start = ?', bytes, block.start);
      expect([at, (await refusal(() => readAll(path)))[0]]).toEqual([at, 'TAPE_DAMAGED']);
    }
  });

  it.each([
    ['UPDATE blocks SET size = size - 1', 'a block says that it has '],
    ['UPDATE blocks SET size = 8589934592', 'a block says that it has 8589934592 bytes'],
    ['DELETE FROM blocks', 'no block holds what is packed at '],
    ['UPDATE exchanges SET packed = packed + 100000000', 'no block holds what is packed at '],
    ['UPDATE exchanges SET packed = -1', 'no block holds what is packed at -1'],
    ["UPDATE exchanges SET packed = 'x'", 'column packed holds text, not a whole number'],
    ["UPDATE blocks SET bytes = 'x'", 'column bytes holds text, not bytes'],
    ['UPDATE bodies SET packed = NULL', 'a body is packed in a block, and none is named'],
    ['UPDATE bodies SET size = 7', 'a body says that it has 7 bytes, and has '],
  ])('%s is damage', async (sql, seen) => {
    change(path, sql);
    const [code, first] = await refusal(() => readAll(path));
    expect([code, first?.slice(0, seen.length)]).toEqual(['TAPE_DAMAGED', seen]);
  });

  it.each([
    ['a cell longer than its block', Buffer.from([0x85, 0x80, 0x80, 0x10])],
    ['a cell without a length', Buffer.alloc(300, 0xff)],
    ['a cell that lies where nothing is', Buffer.from([1, 0xff, 0xff, 0x7f, 0, 0, 0, 0, 0])],
    ['a cell that lies where it says that it lies', Buffer.from([1, 0, 0, 0, 0, 0, 0])],
    ['no cells at all', Buffer.alloc(0)],
    ['cells of nothing, where something must be', Buffer.alloc(300, 0)],
  ])('%s is damage', async (_name, bytes) => {
    change(path, 'UPDATE blocks SET bytes = ?, size = ?', zstdCompressSync(bytes), bytes.length);
    change(path, 'UPDATE exchanges SET packed = (SELECT min(start) FROM blocks)');
    expect((await refusal(() => readAll(path)))[0]).toBe('TAPE_DAMAGED');
  });

  it('a few bytes that unfold to gigabytes are not unfolded', async () => {
    const bomb = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024));
    change(path, 'UPDATE blocks SET bytes = ?', bomb);
    const before = process.memoryUsage().rss;
    expect((await refusal(() => readAll(path)))[1]).toMatch(/and unfolds to more$/);
    expect(process.memoryUsage().rss - before).toBeLessThan(48 * 1024 * 1024);
  });

  it('a large block is one row’s: a million rows cannot each ask for a part of it', async () => {
    const bytes = Buffer.alloc(2 * 1024 * 1024);
    change(path, 'DELETE FROM blocks');
    change(path, 'INSERT INTO blocks VALUES (0, ?, ?)', bytes.length, zstdCompressSync(bytes));
    change(path, 'UPDATE exchanges SET packed = 1');
    expect(await refusal(() => readAll(path))).toEqual(['TAPE_DAMAGED', 'no block holds what is packed at 1']);
  });
});
