/**
 * Tapes outlive the version that wrote them. One of 0.1.0 gives what 0.1.0 printed of it, where it lies and untouched, and
 * also after a recorder of today went on with it.
 */
import { hash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { exchangeJson, summaryJson } from '../../cli/exchange-json';
import { openTapeReader, openTapeWriter } from '../../tape/store/sqlite';
import { currentVersion } from '../../tape/store/sqlite/schema';
import { asNobody, itAsRoot, itOnMount, mount, remountReadOnly, unmount } from '../support/privileged';
import { root } from '../support/source-tree';
import { asRedacted, epochUs, exchangeOf, sessionStart } from '../support/tapes';

jest.setTimeout(60_000); // bodies of 16 MiB, ten of them

const fixture = join(root, 'fixtures/tapes/0.1.0');
const printed = (name: string) =>
  readFileSync(join(fixture, name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-older-'));
  path = join(folder, 'shop.tape');
  copyFileSync(join(fixture, 'shop.tape'), path);
  chmodSync(path, 0o600);
});
afterEach(() => rmSync(folder, { recursive: true }));

const hashOf = (file: string) => hash('sha256', readFileSync(file));
const versionOf = (file: string) => {
  const database = new Database(file, { readonly: true });
  const version = database.pragma('user_version', { simple: true });
  database.close();
  return version;
};

/** As `ls --json` and `show --json` give them; long bodies as the fixture has them. */
async function shown(file: string, { among }: { among?: readonly string[] } = {}) {
  const reader = openTapeReader(file);
  try {
    const list = (await Array.fromAsync(reader.summaries())).map((summary) => asJson(summaryJson(summary)));
    const whole = (await Array.fromAsync(reader.exchanges())).map((stored) => shortened(exchangeJson(stored)));
    const isAsked = ({ id }: { id: string }) => among === undefined || among.includes(id);
    return { list: list.filter(isAsked), whole: whole.filter(isAsked), sessions: await reader.sessions() };
  } finally {
    reader.close();
  }
}

function shortened(exchange: ReturnType<typeof exchangeJson>) {
  for (const message of [exchange.request, exchange.response]) {
    if (message === null || message.body.data.length <= 1000) continue;
    Object.assign(message.body, { data: `(${message.body.data.length} characters)` });
  }
  return asJson(exchange);
}

function asJson(value: unknown) {
  return JSON.parse(JSON.stringify(value));
}

/** Members are only ever added: each of those that 0.1.0 printed is there, and the same. */
function expectAsPrinted({ list, whole }: Awaited<ReturnType<typeof shown>>): void {
  expect(list).toMatchObject(printed('ls.ndjson'));
  expect(whole).toMatchObject(printed('show.ndjson'));
}

describe('a tape of 0.1.0', () => {
  it('is of the version it says, and holds what its README says', async () => {
    expect(versionOf(path)).toBe(1);
    const { list, sessions } = await shown(path);
    expect(list).toHaveLength(25);
    expect(sessions.map(({ state, wiretapeVersion }) => [state, wiretapeVersion])).toEqual([
      ['ended', '0.1.0'],
      ['ended', '0.1.0'],
      ['ended', '0.1.0'],
      ['killed', '0.1.0'],
    ]);
    expect(new Set(sessions[2]?.losses.map(({ reason }) => reason))).toEqual(
      new Set(['over-limit', 'hole', 'no-boundary', 'ring-full']),
    );
  });

  it('gives what 0.1.0 gave, and is not changed by it', async () => {
    const before = hashOf(path);
    expectAsPrinted(await shown(path));
    expect(hashOf(path)).toBe(before);
    expect(readdirSync(folder)).toEqual(['shop.tape']);
  });

  it('gives one exchange by its id', async () => {
    const reader = openTapeReader(path);
    const wanted = printed('show.ndjson').find(({ id }) => id === '4');
    expect(shortened(exchangeJson((await reader.exchange('4')) ?? fail('there is no exchange 4')))).toMatchObject(
      wanted,
    );
    reader.close();
  });

  it('is brought to the current version by the next recorder, and gives the same', async () => {
    const asItWas = await shown(path);
    const writer = openTapeWriter(path);
    writer.append(writer.beginSession(sessionStart), [asRedacted(exchangeOf({ startedAtUs: epochUs }))]);
    writer.close();
    expect(versionOf(path)).toBe(currentVersion);
    const now = await shown(path, { among: asItWas.list.map(({ id }) => id) });
    expectAsPrinted(now);
    expect(now.list).toEqual(asItWas.list);
    expect(now.whole).toEqual(asItWas.whole);
    expect(now.sessions.slice(0, 4)).toEqual(asItWas.sessions);
  });

  it('stays as it was where the last step of the migration fails: all of it is one transaction', async () => {
    const before = objectsOf(path);
    jest.isolateModules(() => {
      const actual = jest.requireActual('../../tape/store/sqlite/schema');
      const migrations = [...actual.migrations, 'CREATE TABLE half_done (a); CREATE TABLE half_done (a);'];
      jest.doMock('../../tape/store/sqlite/schema', () => ({
        ...actual,
        migrations,
        currentVersion: migrations.length,
      }));
      const { openTapeWriter: openTomorrow } = require('../../tape/store/sqlite') as {
        openTapeWriter: typeof openTapeWriter;
      };
      expect(() => openTomorrow(path)).toThrow(/half_done/);
    });
    expect([versionOf(path), objectsOf(path)]).toEqual([1, before]);
    expectAsPrinted(await shown(path));
  });

  function objectsOf(file: string): unknown {
    const database = new Database(file, { readonly: true });
    const objects = database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all();
    database.close();
    return objects;
  }
});

describe('a tape of 0.1.0 that may not be changed', () => {
  itOnMount('is read from a read-only file system', async () => {
    const mounted = join(folder, 'media');
    mkdirSync(mounted);
    mount(mounted, 'size=4m');
    try {
      copyFileSync(path, join(mounted, 'shop.tape'));
      remountReadOnly(mounted);
      expectAsPrinted(await shown(join(mounted, 'shop.tape')));
    } finally {
      unmount(mounted);
    }
  });

  itOnMount('is read there with the journal that a killed recorder left, and no copy stays', async () => {
    const mounted = join(folder, 'media');
    mkdirSync(mounted);
    mount(mounted, 'size=4m');
    try {
      withJournal(path, (name) => copyFileSync(join(folder, name), join(mounted, name)));
      remountReadOnly(mounted);
      const copies = () => readdirSync(tmpdir()).filter((name) => /^wiretape-[A-Za-z0-9]{6}$/.test(name));
      const before = copies();
      const { list } = await shown(join(mounted, 'shop.tape'));
      expect(list).toHaveLength(24); // one exchange was taken away in the journal only
      expect(copies()).toEqual(before);
    } finally {
      unmount(mounted);
    }
  });

  itAsRoot('is read by somebody else who may read it and not write it', async () => {
    chmodSync(folder, 0o755);
    chmodSync(path, 0o644);
    expectAsPrinted(await asNobody(() => shown(path)));
    await expect(asNobody(() => openTapeWriter(path))).rejects.toMatchObject({ code: 'TAPE_UNREADABLE' });
  });

  /** A change that is in the journal and not in the file, as after kill -9. */
  function withJournal(file: string, take: (name: string) => void): void {
    const database = new Database(file);
    database.pragma('journal_mode = WAL');
    database.pragma('wal_autocheckpoint = 0');
    database.exec('DELETE FROM exchanges WHERE id = 26');
    for (const name of ['shop.tape', 'shop.tape-wal']) take(name);
    database.close();
  }
});

function fail(message: string): never {
  throw new Error(message);
}
