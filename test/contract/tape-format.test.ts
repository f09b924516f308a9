/** docs/tape-format.md is what people query tapes by: its tables, words and queries are held against a real tape. */
import Database from 'better-sqlite3';
import { lossWords, outcomeWords, problemWords, unreadReasonWords, wayWords } from '../../tape/model/exchange';
import { createShopTape, type ShopTape } from '../support/shop-tape';
import { readProjectFile } from '../support/source-tree';

const page = readProjectFile('docs/tape-format.md');
const queries = [...page.matchAll(/^```sql\n([\s\S]*?)\n```$/gm)].map((found) => found[1] ?? '');

let tape: ShopTape;
let database: Database.Database;
beforeAll(() => {
  tape = createShopTape();
  database = new Database(tape.path, { readonly: true });
});
afterAll(() => {
  database.close();
  tape.remove();
});

/** The text under a heading, up to the next one. */
function section(heading: string): string {
  const [, after] = page.split(`\n${heading}\n`);
  return after?.split(/^##/m)[0] ?? '';
}

/** The first column of a section's table, which is in backticks, and the second. */
function tableOf(heading: string): [string, string][] {
  return [...section(heading).matchAll(/^\| `([^`]+)` \| (.*) \|$/gm)].map((found) => [found[1] ?? '', found[2] ?? '']);
}

function namesOf(type: 'table' | 'view'): string[] {
  const sql = "SELECT name FROM sqlite_schema WHERE type = ? AND name NOT LIKE 'sqlite_%' ORDER BY rowid";
  return database.prepare<[string], string>(sql).pluck().all(type);
}

function columnsOf(name: string): string[] {
  return database.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(name);
}

const headingsUnder = (part: string) =>
  [...(page.split(`\n## ${part}\n`)[1]?.split(/^## /m)[0] ?? '').matchAll(/^### (\S+)$/gm)].map((found) => found[1]);

it('describes every table and every view', () => {
  expect(headingsUnder('Tables').toSorted()).toEqual(namesOf('table').toSorted());
  expect(headingsUnder('Views').toSorted()).toEqual(namesOf('view').toSorted());
});

it('describes every column of every table, in order', () => {
  const described = Object.fromEntries(
    headingsUnder('Tables').map((name) => [name, tableOf(`### ${name}`).map(([column]) => column)]),
  );
  expect(described).toEqual(Object.fromEntries(namesOf('table').map((name) => [name, columnsOf(name)])));
});

it('names every column of every view, in order', () => {
  const columns = (name: string | undefined) =>
    [...(/^Columns: (.*)$/m.exec(section(`### ${name}`))?.[1] ?? '').matchAll(/`(\w+)`/g)].map((found) => found[1]);
  const described = Object.fromEntries(headingsUnder('Views').map((name) => [name, columns(name)]));
  expect(described).toEqual(Object.fromEntries(namesOf('view').map((name) => [name, columnsOf(name)])));
});

it('gives the identity and the version of a tape', () => {
  const values = new Map(tableOf('## The file'));
  for (const pragma of ['application_id', 'user_version']) {
    const value = database.pragma(pragma, { simple: true });
    expect(Number.parseInt(values.get(`PRAGMA ${pragma}`) ?? '', 10)).toBe(value);
  }
});

it('lists the outcomes, the problems, the losses, the reasons and the ways, with what they mean', () => {
  expect(tableOf('### Outcomes')).toEqual(Object.entries(outcomeWords));
  expect(tableOf('### Problems')).toEqual(Object.entries(problemWords));
  expect(tableOf('### Losses')).toEqual(Object.entries(lossWords));
  expect(tableOf('### Reasons')).toEqual(Object.entries(unreadReasonWords));
  expect(tableOf('### Ways')).toEqual(Object.entries(wayWords));
});

describe('its queries', () => {
  it('are there', () => expect(queries.length).toBeGreaterThan(5));

  it.each(queries)('answer: %s', (sql) => {
    expect(database.prepare(sql).all()).not.toEqual([]);
  });

  it('answer the truth: calls under their cause, amounts out of JSON, rules that fired', () => {
    const answer = (word: string) => database.prepare(queries.find((sql) => sql.includes(word)) ?? '').all();
    expect(answer('cause_id = 1')).toEqual([
      { id: 2, method: 'POST', host: 'payments:8443', path: '/charge', status: 503, duration_ms: 128_400 },
    ]);
    expect(answer('$.amount')).toEqual([{ exchange_id: 1, amount: 1299 }]);
    expect(answer('FROM redactions')).toEqual([
      { rule: 'cookie', message: 'request', path: 'header["cookie"]', times: 1 },
    ]);
    expect(answer('lost_bytes')).toMatchObject([
      { id: 1, lost_bytes: 40_960 },
      { id: 2, lost_bytes: 0 },
    ]);
  });
});
