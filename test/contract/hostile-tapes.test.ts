/**
 * Tapes are passed on, and so they are input: whatever one holds, it is read, or refused as damaged, in the time and the
 * memory that an honest tape of its size takes. It never runs anything, and nothing in it is called a fault of wiretape.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { WiretapeError } from '../../errors/wiretape-error';
import { openTapeReader, openTapeWriter } from '../../tape/store/sqlite';
import { cellLimitBytes } from '../../tape/store/sqlite/cells';
import { asRedacted, bodyOf, epochUs, exchangeOf, responseOf, sessionStart } from '../support/tapes';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-hostile-'));
  path = join(folder, 'a.tape');
  const large = responseOf({ body: bodyOf('tea '.repeat(5000)) });
  const writer = openTapeWriter(path);
  const session = writer.beginSession(sessionStart);
  const numbered = [1, 2, 3].map((number) => exchangeOf({ number, startedAtUs: epochUs + number, response: large }));
  writer.append(
    session,
    numbered.map((exchange) => asRedacted(exchange)),
  );
  writer.endSession(session, { endedAtUs: epochUs, reason: 'interrupted' });
  writer.close();
});
afterEach(() => rmSync(folder, { recursive: true }));

function change(sql: string, ...values: unknown[]): void {
  const database = new Database(path);
  database.unsafeMode();
  database.pragma('foreign_keys = OFF');
  if (values.length > 0) database.prepare(sql).run(...values);
  else database.exec(sql);
  database.close();
}

/** Everything that reading can reach. */
async function readAll(): Promise<unknown> {
  const reader = openTapeReader(path);
  try {
    return [
      await reader.sessions(),
      await Array.fromAsync(reader.summaries()),
      await Array.fromAsync(reader.exchanges()),
    ];
  } finally {
    reader.close();
  }
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

const endless = (columns: string) =>
  `CREATE VIEW exchanges AS WITH RECURSIVE r (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT ${columns} FROM ex0, r`;

describe('what a tape is made of', () => {
  it.each([
    [
      'a view in the place of a table, without an end',
      `ALTER TABLE exchanges RENAME TO ex0; ${endless('ex0.*')}`,
      'its exchanges is a view, where wiretape makes a table',
    ],
    [
      'a view without an end or a row',
      `ALTER TABLE exchanges RENAME TO ex0; ${endless('ex0.*')} WHERE 0`,
      'its exchanges is a view, where wiretape makes a table',
    ],
    ['a table that is missing', 'DROP TABLE losses', 'its table losses is missing'],
    [
      'a table with another column',
      'ALTER TABLE bodies ADD COLUMN extra',
      'its table bodies is not the one wiretape makes',
    ],
    [
      'a table that computes',
      'ALTER TABLE connections ADD COLUMN x AS (abs(pid))',
      'its table connections is not the one wiretape makes',
    ],
    [
      'a trigger that rewrites what is recorded',
      'CREATE TRIGGER t1 AFTER INSERT ON exchanges BEGIN DELETE FROM exchanges WHERE id <> new.id; END',
      'it has a trigger, "t1"',
    ],
    [
      'a trigger that loads code',
      "CREATE TRIGGER t2 AFTER INSERT ON sessions BEGIN SELECT load_extension('x.so'); END",
      'it has a trigger, "t2"',
    ],
    ['a version that is not its own', 'PRAGMA user_version = 0', 'it has one table too many, "sessions"'],
  ])('%s is refused before it is asked anything, for reading and for writing', async (_name, sql, seen) => {
    change(sql);
    for (const open of [openTapeReader, openTapeWriter]) {
      const [code, first] = await refusal(() => open(path));
      expect([code, first]).toEqual(['TAPE_DAMAGED', seen]);
    }
  });

  it('more of it, which nobody reads, changes nothing', async () => {
    const before = await readAll();
    change(
      'CREATE TABLE notes (a); CREATE VIEW slow AS SELECT * FROM exchanges; CREATE INDEX mine ON exchanges (result)',
    );
    expect(await readAll()).toEqual(before);
    openTapeWriter(path).close();
  });
});

describe('what a cell holds', () => {
  it.each([
    ["started_us = 'abc'", 'column started_us holds text, not a whole number'],
    ['started_us = 1.5', 'column started_us holds the number 1.5, not a whole number'],
    ['started_us = 9007199254740993', 'column started_us holds the number 9007199254740992, not a whole number'],
    ["channel = '<script>'", 'column channel holds text, not a whole number'],
    ["problems = x'00ff'", 'column problems holds bytes, not text'],
    ['outcome = zeroblob(10)', 'column outcome holds bytes, not text'],
    ["protocol = 'gopher'", 'column protocol holds "gopher", which this version does not know'],
    ["content = '[]'", 'content holds JSON of another shape'],
    ['content = \'{"request":\'', 'content holds no JSON'],
    ["content = json_set(content, '$.request', 7)", 'content.request holds JSON of another shape'],
    ["content = json_set(content, '$.request.version', '3.7')", 'content.request.version holds none of 1.0, 1.1, 2'],
    ["content = json_set(content, '$.request.target', 7)", 'content.request.target holds no text'],
    ["content = json_set(content, '$.request.startedUs', 'x')", 'content.request.startedUs holds no whole number'],
    [
      "request_head_id = NULL, content = json_set(content, '$.request.headers', json('{\"a\":1}'))",
      'content.request.headers holds JSON of another shape',
    ],
    [
      "request_head_id = NULL, content = json_set(content, '$.request.headers', json('[[1,2],[\"a\"]]'))",
      'content.request.headers holds JSON of another shape',
    ],
    ['request_head_id = 99', 'an exchange has head 99, which is not on the tape'],
    ["result = '<script>'", 'column result holds no status'],
    ["content = json_set(content, '$.response.trailers', 7)", 'content.response.trailers holds JSON of another shape'],
    [
      "content = json_set(content, '$.response.informational', json('[{}]'))",
      'content.response.informational holds JSON of another shape',
    ],
    ["redacted = '[1]'", 'column redacted holds JSON of another shape'],
    ['redacted = \'[{"in":"body"}]\'', 'column redacted holds JSON of another shape'],
    ["response_body = 'text', response_body_id = NULL", 'column response_body holds text, not bytes'],
  ])('%s is damage', async (assignment, seen) => {
    change(`UPDATE exchanges SET ${assignment} WHERE id = 2`);
    expect(await refusal(readAll)).toEqual(['TAPE_DAMAGED', seen]);
  });

  it.each([
    ["UPDATE sessions SET targets = '{}'", 'column targets holds JSON of another shape'],
    ["UPDATE sessions SET rules = '[1]'", 'column rules holds JSON of another shape'],
    ["UPDATE sessions SET user = x'00'", 'column user holds bytes, not text'],
    ["UPDATE connections SET pid = 'init'", 'column pid holds text, not a whole number'],
    ["UPDATE connections SET process = x'00'", 'column process holds bytes, not text'],
    ["UPDATE heads SET headers = '[['", 'column headers holds no JSON'],
    ["UPDATE heads SET headers = '{}'", 'column headers holds JSON of another shape'],
    ['UPDATE heads SET headers = \'[["a"]]\'', 'column headers holds JSON of another shape'],
    ['UPDATE heads SET headers = \'[["a",1.5]]\'', 'column headers holds JSON of another shape'],
    ['UPDATE heads SET headers = \'[["a",0]]\'', 'column request_values lacks what the head leaves open at 0'],
    [
      'UPDATE heads SET headers = \'[["a",1]]\'; UPDATE exchanges SET request_values = \'["x"]\'',
      'column request_values lacks what the head leaves open at 1',
    ],
    [
      "UPDATE heads SET headers = '[[\"a\",0]]'; UPDATE exchanges SET request_values = '[7]'",
      'column request_values holds JSON of another shape',
    ],
    ["UPDATE bodies SET packing = 'rar'", 'a body is packed in an unknown way'],
    ['UPDATE bodies SET size = 7', 'a body says that it has 7 bytes, and unfolds to more'],
    ['UPDATE bodies SET size = 30000', 'a body says that it has 30000 bytes, and has 20000'],
  ])('%s is damage', async (sql, seen) => {
    change(sql);
    expect(await refusal(readAll)).toEqual(['TAPE_DAMAGED', seen]);
  });

  it('a writer that nobody could be is none', async () => {
    change("INSERT INTO writer VALUES (1, 'x', x'00'); UPDATE sessions SET ended_us = NULL");
    const reader = openTapeReader(path);
    expect(await reader.sessions()).toMatchObject([{ state: 'killed' }]);
    reader.close();
    openTapeWriter(path).close();
  });

  it('an exchange that caused itself is read like any other', () => {
    change('UPDATE exchanges SET cause_number = number');
    expect(async () => await readAll()).not.toThrow();
  });
});

describe('what would not fit', () => {
  it('a few bytes that unfold to gigabytes are not unfolded', async () => {
    const bomb = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024));
    change('UPDATE bodies SET bytes = ?, size = 100', bomb);
    expect(await refusal(readAll)).toEqual(['TAPE_DAMAGED', 'a body says that it has 100 bytes, and unfolds to more']);
  });

  it('a body that says it is larger than any is not believed', async () => {
    change('UPDATE bodies SET size = 8589934592');
    expect(await refusal(readAll)).toEqual(['TAPE_DAMAGED', 'a body says that it has 8589934592 bytes']);
  });

  it.each([
    ['response_body = zeroblob(300000000), response_body_id = NULL', 'response_body'],
    ["content = printf('%.*c', 300000000, '[')", 'content'],
    ["target = printf('%.*c', 300000000, '/')", 'target'],
  ])('%s is not loaded', async (assignment, column) => {
    change(`UPDATE exchanges SET ${assignment} WHERE id = 2`);
    expect(await refusal(readAll)).toEqual([
      'TAPE_DAMAGED',
      `column ${column} holds more than ${cellLimitBytes} bytes`,
    ]);
  });
});

it('what a writer goes on with is not rewritten by what a tape brings along', async () => {
  const writer = openTapeWriter(path);
  writer.append(writer.beginSession(sessionStart), [asRedacted(exchangeOf({ startedAtUs: epochUs + 9 }))]);
  writer.close();
  const reader = openTapeReader(path);
  expect((await Array.fromAsync(reader.summaries())).map(({ id }) => id)).toEqual(['1', '2', '3', '4']);
  reader.close();
});
