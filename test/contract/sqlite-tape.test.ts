/** What the SQLite tape promises beyond the contract: whose file it is, what it refuses, and what no crash can take away. */
import { type ChildProcess, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { WiretapeError } from '../../errors/wiretape-error';
import { returned } from '../../tape/memo';
import { openQueuedWriter, openTapeReader, openTapeWriter } from '../../tape/store/sqlite';
import type { QueuedWriter, Session } from '../../tape/store/tape';
import { httpIn } from '../support/contents';
import { itAsRoot, itOnMount, mount, nobody, unmount } from '../support/privileged';
import { endOf, root, sourceArgs, startSource } from '../support/sources';
import { asRedacted, bodyOf, connectionOf, epochUs, exchangeOf, responseOf, sessionStart } from '../support/tapes';

jest.setTimeout(30_000); // a process each, on machines that may be busy

const feeder = 'test/support/programs/tape-feeder.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-sqlite-'));
  path = join(folder, 'a.tape');
});
afterEach(() => rmSync(folder, { recursive: true }));

const numbered = (number: number, size = 20) =>
  asRedacted(
    exchangeOf({ number, startedAtUs: epochUs + number, response: responseOf({ body: bodyOf('x'.repeat(size)) }) }),
  );

function writeTape(file: string, exchanges = 3): void {
  const writer = openTapeWriter(file);
  writer.append(
    writer.beginSession(sessionStart),
    Array.from({ length: exchanges }, (_, i) => numbered(i + 1)),
  );
  writer.close();
}

async function idsOn(file: string): Promise<string[]> {
  const reader = openTapeReader(file);
  try {
    return (await Array.fromAsync(reader.summaries())).map(({ id }) => id);
  } finally {
    reader.close();
  }
}

async function sessionsOn(file: string): Promise<readonly Session[]> {
  const reader = openTapeReader(file);
  try {
    return await reader.sessions();
  } finally {
    reader.close();
  }
}

async function errorOf(run: () => unknown): Promise<WiretapeError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof WiretapeError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const codeOf = async (run: () => unknown) => (await errorOf(run)).code;

it('knows a connection again that comes back when more have come since than it remembers', () => {
  const writer = openTapeWriter(path);
  const session = writer.beginSession(sessionStart);
  const on = (key: number, number: number, library: 'openssl' | null) => {
    const connection = connectionOf({ key, ...(library === null ? {} : { tls: { library } }) });
    return asRedacted(exchangeOf({ number, connection }));
  };
  const others = Array.from({ length: 20_001 }, (_, i) => on(i + 2, i + 2, null));
  writer.append(session, [on(1, 1, null), ...others, on(1, 20_003, 'openssl')]);
  writer.close();
  const database = new Database(path, { readonly: true });
  const [count, library] = ['count(*)', 'max(tls_library)'].map((what) =>
    database.prepare(`SELECT ${what} FROM connections`).pluck().get(),
  );
  const of = database.prepare('SELECT count(DISTINCT connection_id) FROM exchanges WHERE number IN (1, 20003)').pluck();
  expect([count, library, of.get()]).toEqual([20_002, 'openssl', 1]);
  database.close();
});

describe('the file', () => {
  it("is its owner's alone, journals included, whatever the umask", () => {
    const before = process.umask(0);
    try {
      const writer = openTapeWriter(path);
      writer.append(writer.beginSession(sessionStart), [numbered(1)]);
      for (const suffix of ['', '-wal', '-shm']) expect(statSync(path + suffix).mode & 0o777).toBe(0o600);
      writer.close();
    } finally {
      process.umask(before);
    }
  });

  it('is one file without journals once it is closed, and opens where nothing may be written', async () => {
    writeTape(path);
    expect(existsSync(`${path}-wal`) || existsSync(`${path}-shm`)).toBe(false);
    chmodSync(path, 0o400);
    chmodSync(folder, 0o500);
    expect(await idsOn(path)).toEqual(['1', '2', '3']);
    chmodSync(folder, 0o700);
  });

  it('can be read while it is written', async () => {
    const writer = openTapeWriter(path);
    const session = writer.beginSession(sessionStart);
    writer.append(session, [numbered(1)]);
    const reader = openTapeReader(path);
    writer.append(session, [numbered(2)]);
    expect((await Array.fromAsync(reader.summaries())).map(({ id }) => id)).toEqual(['1', '2']);
    writer.close();
    reader.close();
    expect(await idsOn(path)).toEqual(['1', '2']);
  });

  it('is whole in its one file where somebody has it open as its recording ends', async () => {
    const writer = openTapeWriter(path);
    const session = writer.beginSession(sessionStart);
    const reader = openTapeReader(path);
    const following = reader.follow(null, { until: 'ended' });
    writer.append(session, [numbered(1)]);
    expect((await following.next()).value?.exchange.id).toBe('1');
    writer.append(session, [numbered(2)]);
    writer.endSession(session, { endedAtUs: epochUs, reason: 'time' });
    writer.close();
    const alone = join(folder, 'alone.tape');
    copyFileSync(path, alone);
    expect(await idsOn(alone)).toEqual(['1', '2']);
    expect((await sessionsOn(alone)).map(({ state }) => state)).toEqual(['ended']);
    await reader.close();
  });

  it('is known to `file` and sqlite3 by its application id and version', () => {
    writeTape(path);
    const database = new Database(path, { readonly: true });
    expect(database.pragma('application_id', { simple: true })).toBe(0x57544150);
    expect(database.pragma('user_version', { simple: true })).toBe(2);
    expect(database.prepare('SELECT typeof(started_us) FROM exchanges').pluck().get()).toBe('integer');
    database.close();
  });

  it('keeps equal large bodies once, compressed', async () => {
    const writer = openTapeWriter(path);
    const session = writer.beginSession(sessionStart);
    writer.append(
      session,
      Array.from({ length: 100 }, (_, i) => numbered(i + 1, 100_000)),
    );
    writer.close();
    expect(statSync(path).size).toBeLessThan(200_000);
    const reader = openTapeReader(path);
    for await (const { exchange } of reader.exchanges())
      expect(httpIn(exchange).response?.body.bytes.length).toBe(100_000);
    reader.close();
  });

  it('keeps a long body that comes again and again once, with that of before which it is equal to', async () => {
    const long = Buffer.from(JSON.stringify({ note: 'nothing to see here, '.repeat(400) }));
    const again = returned(Buffer.from(long));
    const answer = (number: number) => {
      const bytes = number % 3 === 0 ? Buffer.from(long) : again;
      const body = { bytes, codings: [], wireSize: bytes.length };
      return asRedacted(exchangeOf({ number, startedAtUs: epochUs + number, response: responseOf({ body }) }));
    };
    const writer = openTapeWriter(path);
    const session = writer.beginSession(sessionStart);
    for (const start of [1, 11])
      writer.append(
        session,
        Array.from({ length: 10 }, (_, i) => answer(start + i)),
      );
    writer.close();
    const database = new Database(path, { readonly: true });
    expect(database.prepare('SELECT count(*) FROM bodies').pluck().get()).toBe(1);
    database.close();
    const reader = openTapeReader(path);
    const bodies = await Array.fromAsync(reader.exchanges(), ({ exchange }) => httpIn(exchange).response?.body.bytes);
    reader.close();
    expect(bodies.map((bytes) => Buffer.from(bytes ?? []).equals(long))).toEqual(new Array(20).fill(true));
  });

  it('keeps a small body once where it comes again and again, and shows it like any other', async () => {
    const told = JSON.stringify({ ok: true, note: 'nothing to see here, '.repeat(40) });
    const answer = (number: number, bytes: Uint8Array) =>
      asRedacted(
        exchangeOf({
          number,
          startedAtUs: epochUs + number,
          response: responseOf({ body: { bytes, codings: [], wireSize: bytes.length } }),
        }),
      );
    const again = returned(Buffer.from(told));
    const writer = openTapeWriter(path);
    const session = writer.beginSession(sessionStart);
    for (const start of [0, 100]) {
      writer.append(
        session,
        Array.from({ length: 100 }, (_, i) => answer(start + i + 1, i % 10 === 0 ? Buffer.from(told) : again)),
      );
    }
    writer.close();
    const database = new Database(path, { readonly: true });
    const count = (sql: string) => database.prepare<[], number>(sql).pluck().get();
    expect(count('SELECT count(*) FROM bodies')).toBe(1);
    expect(count('SELECT count(*) FROM exchanges WHERE response_body IS NULL')).toBe(180);
    const shown = database.prepare("SELECT count(*) FROM body_texts WHERE message = 'response' AND body = ?").pluck();
    expect(shown.get(told)).toBe(200);
    database.close();
    const reader = openTapeReader(path);
    for await (const { exchange } of reader.exchanges())
      expect(Buffer.from(httpIn(exchange).response?.body.bytes ?? []).toString()).toBe(told);
    reader.close();
  });
});

describe('what is no tape', () => {
  const both: [string, (file: string) => { close(): void }][] = [
    ['reading', openTapeReader],
    ['writing', openTapeWriter],
  ];

  it.each(both)('is refused for %s and left as it is', async (_, open) => {
    writeFileSync(path, 'PNG or whatever');
    expect(await codeOf(() => open(path))).toBe('TAPE_FOREIGN');
    expect(readFileSync(path, 'utf8')).toBe('PNG or whatever');
    rmSync(path);
    const other = new Database(path);
    other.exec('CREATE TABLE mine (a)');
    other.close();
    const before = readFileSync(path);
    expect(await codeOf(() => open(path))).toBe('TAPE_FOREIGN');
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it.each(both)('%s refuses a tape of a newer wiretape', async (_, open) => {
    writeTape(path);
    const newer = new Database(path);
    newer.pragma('user_version = 99');
    newer.close();
    expect(await errorOf(() => open(path))).toMatchObject({
      code: 'TAPE_NEWER',
      seen: ['tape version 99; this wiretape knows versions up to 2'],
    });
  });

  it.each(both)('%s refuses a folder', async (_, open) => {
    mkdirSync(path);
    expect(await codeOf(() => open(path))).toBe('TAPE_UNREADABLE');
  });

  it('is missing, empty or unreachable', async () => {
    expect(await codeOf(() => openTapeReader(path))).toBe('TAPE_MISSING');
    expect(await codeOf(() => openTapeReader(join(folder, 'no/such/a.tape')))).toBe('TAPE_MISSING');
    expect(await codeOf(() => openTapeWriter(join(folder, 'no/such/a.tape')))).toBe('FILE_UNREADABLE');
    writeFileSync(path, '', { mode: 0o600 });
    expect(await codeOf(() => openTapeReader(path))).toBe('TAPE_FOREIGN');
    openTapeWriter(path).close();
    expect(await idsOn(path)).toEqual([]);
  });

  it('is damaged: said so, wherever the damage is met', async () => {
    writeTape(path, 2000);
    const whole = readFileSync(path);
    writeFileSync(path, Buffer.concat([whole.subarray(0, 100), Buffer.alloc(whole.length - 100, 0xff)]));
    expect(await codeOf(() => idsOn(path))).toBe('TAPE_DAMAGED');
    writeFileSync(path, Buffer.concat([whole.subarray(0, whole.length >> 1), Buffer.alloc(whole.length >> 1, 0xff)]));
    expect(await codeOf(() => idsOn(path))).toBe('TAPE_DAMAGED');
    writeFileSync(path, whole.subarray(0, whole.length >> 2));
    expect(await codeOf(() => idsOn(path))).toBe('TAPE_DAMAGED');
  });

  it('holds a column that cannot be read: damaged too', async () => {
    writeTape(path);
    const database = new Database(path);
    database.exec(`UPDATE exchanges SET content = '{"request":{"headers":[["Host"' WHERE id = 2`);
    database.close();
    const reader = openTapeReader(path);
    expect(await codeOf(() => Array.fromAsync(reader.exchanges()))).toBe('TAPE_DAMAGED');
    reader.close();
  });
});

it('refuses a file it may not read', async () => {
  writeTape(path);
  chmodSync(path, 0);
  chmodSync(folder, 0o755);
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65534); // root may read everything
  try {
    expect(await codeOf(() => openTapeReader(path))).toBe('TAPE_UNREADABLE');
    expect(await codeOf(() => openTapeWriter(path))).toBe('TAPE_UNREADABLE');
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

describe('where traffic may be written', () => {
  const refusal = async (run: () => unknown) => {
    const { code, seen } = await errorOf(run);
    return [code, ...seen];
  };

  it.each([
    [0o666, 'read', '0666'],
    [0o640, 'read', '0640'],
    [0o620, 'write', '0620'],
  ])('is no file that others may open: mode %o', async (mode, verb, shown) => {
    for (const make of [() => writeTape(path), () => writeFileSync(path, '')]) {
      rmSync(path, { force: true });
      make();
      chmodSync(path, mode);
      expect(await refusal(() => openTapeWriter(path))).toEqual([
        'TAPE_UNSAFE',
        `others may ${verb} ${path} (mode ${shown})`,
      ]);
    }
    writeTape(join(folder, 'mine.tape'));
    copyFileSync(join(folder, 'mine.tape'), path);
    chmodSync(path, mode);
    expect(await idsOn(path)).toEqual(['1', '2', '3']); // it may well be read
  });

  it('is no symbolic link, wherever it leads', async () => {
    writeTape(join(folder, 'mine.tape'));
    symlinkSync('mine.tape', path);
    expect(await refusal(() => openTapeWriter(path))).toEqual(['TAPE_UNSAFE', `${path} is a symbolic link`]);
    rmSync(path);
    symlinkSync('nowhere.tape', path);
    expect(await refusal(() => openTapeWriter(path))).toEqual(['TAPE_MISSING']);
    expect(existsSync(join(folder, 'nowhere.tape'))).toBe(false);
  });

  it('is no pipe, and nobody waits for its other end', async () => {
    expect(spawnSync('mkfifo', ['-m', '600', path]).status).toBe(0);
    expect(await codeOf(() => openTapeWriter(path))).toBe('TAPE_UNREADABLE');
    expect(await codeOf(() => openTapeReader(path))).toBe('TAPE_UNREADABLE');
  });

  it.each(['-wal', '-shm', '-journal'])('has no %s beside it that others could read', async (suffix) => {
    writeFileSync(path + suffix, '');
    chmodSync(path + suffix, 0o666);
    expect(await refusal(() => openTapeWriter(path))).toEqual([
      'TAPE_UNSAFE',
      `others may read ${path}${suffix} (mode 0666)`,
    ]);
    expect(statSync(path).size).toBe(0);
  });

  itAsRoot("is no file of somebody else's, and no journal either", async () => {
    writeFileSync(path, '', { mode: 0o600 });
    chownSync(path, nobody, nobody);
    expect(await refusal(() => openTapeWriter(path))).toEqual([
      'TAPE_UNSAFE',
      `${path} belongs to nobody (user ${nobody})`,
    ]);
    rmSync(path);
    writeFileSync(`${path}-wal`, '', { mode: 0o600 });
    chownSync(`${path}-wal`, nobody, nobody);
    expect(await refusal(() => openTapeWriter(path))).toEqual([
      'TAPE_UNSAFE',
      `${path}-wal belongs to nobody (user ${nobody})`,
    ]);
  });

  itAsRoot('is a file of the one who called sudo', async () => {
    process.env.SUDO_UID = process.env.SUDO_GID = String(nobody);
    try {
      writeTape(path);
      expect(statSync(path).uid).toBe(nobody);
      writeTape(path);
      expect(await idsOn(path)).toHaveLength(6);
    } finally {
      delete process.env.SUDO_UID;
      delete process.env.SUDO_GID;
    }
  });
});

describe('a session', () => {
  it('that nobody ended is being recorded while its writer lives, and was killed afterwards', async () => {
    const child = startSource(feeder, [path]);
    const ended = endOf(child);
    await said(child, /flushed/);
    expect(await sessionsOn(path)).toMatchObject([{ end: null, state: 'recording' }]);
    child.kill('SIGKILL');
    await ended;
    expect(await sessionsOn(path)).toMatchObject([{ end: null, state: 'killed' }]);
    writeTape(path, 1);
    expect((await sessionsOn(path))[0]).toMatchObject({ end: null, state: 'killed' });
  });

  it('is whole only where it ended as it was asked to', async () => {
    const reasons = ['interrupted', 'time', 'size', 'target-ended', 'failed', 'disk-full', 'tape-gone'];
    for (const reason of reasons) {
      const writer = openTapeWriter(path);
      writer.endSession(writer.beginSession(sessionStart), { endedAtUs: epochUs, reason });
      writer.close();
    }
    expect((await sessionsOn(path)).map(({ state }) => state)).toEqual([
      ...['ended', 'ended', 'ended', 'ended'],
      ...['failed', 'disk-full', 'tape-gone'],
    ]);
  });

  it('of another boot was killed, and one whose writer cannot be seen is not called either', async () => {
    const writer = openTapeWriter(path);
    writer.beginSession(sessionStart);
    const stateUnder = async (birth: string) => {
      const database = new Database(path);
      database.prepare('UPDATE writer SET birth = ?').run(birth);
      database.close();
      return (await sessionsOn(path)).map(({ state }) => state);
    };
    const [boot = '', namespace = '', ticks = ''] = writerBirth(path).split('/');
    expect(await stateUnder(`other-boot/${namespace}/${ticks}`)).toEqual(['killed']);
    expect(await stateUnder(`${boot}/pid:[1]/${ticks}`)).toEqual(['unknown']);
    expect(await stateUnder(`${boot}/${namespace}/1`)).toEqual(['killed']);
    expect(await stateUnder(`${boot}/${namespace}/${ticks}`)).toEqual(['recording']);
    writer.close();
  });

  function writerBirth(file: string): string {
    const database = new Database(file, { readonly: true });
    const birth = database.prepare<[], string>('SELECT birth FROM writer').pluck().get();
    database.close();
    return birth ?? '';
  }
});

describe('a tape that is taken away while it is written', () => {
  const options = { checkMs: 5 };

  /** Waits for it to be noticed; what is said is an error of the tape. */
  async function untilGone(tape: QueuedWriter): Promise<WiretapeError> {
    while (tape.failure() === null) await new Promise((resolve) => setImmediate(resolve));
    const failure = tape.failure();
    await expect(tape.close()).rejects.toBe(failure);
    return failure ?? new WiretapeError('INTERNAL', 'nothing failed', { remedy: '' });
  }

  it('ends the recording, and what it held is saved beside it', async () => {
    const tape = await openQueuedWriter(path, options);
    tape.append(await tape.beginSession(sessionStart), [numbered(1), numbered(2)]);
    await tape.flush();
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix);
    const failure = await untilGone(tape);
    expect([failure.code, failure.exitStatus, failure.message]).toEqual([
      'TAPE_GONE',
      3,
      `${path} was deleted while it was recorded`,
    ]);
    expect(failure.seen).toEqual([`what was recorded until then is in ${path}.rescued`]);
    expect(statSync(`${path}.rescued`).mode & 0o777).toBe(0o600);
    expect(await idsOn(`${path}.rescued`)).toEqual(['1', '2']);
    expect(await sessionsOn(`${path}.rescued`)).toMatchObject([{ state: 'tape-gone', exchanges: 2 }]);
    expect(readdirSync(folder).filter((name) => /rescued/.test(name))).toHaveLength(1);
  });

  it('is found under its new name where it was only moved, and what took its place is left alone', async () => {
    const tape = await openQueuedWriter(path, options);
    tape.append(await tape.beginSession(sessionStart), [numbered(1)]);
    await tape.flush();
    renameSync(path, join(folder, 'moved.tape'));
    writeFileSync(path, 'mine');
    const failure = await untilGone(tape);
    expect([failure.code, failure.message]).toEqual(['TAPE_GONE', `${path} was replaced while it was recorded`]);
    expect(failure.seen).toEqual([
      `what was recorded until then is in ${join(folder, 'moved.tape')}, the same file under another name`,
    ]);
    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect(await idsOn(join(folder, 'moved.tape'))).toEqual(['1']);
  });

  it('is noticed at the end, however short the recording was', async () => {
    const tape = await openQueuedWriter(path, { checkMs: 3_600_000 });
    const session = await tape.beginSession(sessionStart);
    tape.append(session, [numbered(1)]);
    tape.endSession(session, { endedAtUs: epochUs, reason: 'time' });
    rmSync(path);
    await expect(tape.close()).rejects.toMatchObject({ code: 'TAPE_GONE' });
    expect(await idsOn(`${path}.rescued`)).toEqual(['1']);
  });

  it('says so where nothing can be saved', async () => {
    const inside = join(folder, 'inside');
    mkdirSync(inside);
    const tape = await openQueuedWriter(join(inside, 'a.tape'), options);
    await tape.beginSession(sessionStart);
    rmSync(inside, { recursive: true });
    expect((await untilGone(tape)).seen[0]).toMatch(/^what was recorded could not be saved: ENOENT/);
  });
});

describe('a recording that never begins', () => {
  it('leaves no new tape', async () => {
    const tape = await openQueuedWriter(path);
    await tape.beginSession(sessionStart);
    await tape.abandon();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves a tape that was there as it was', async () => {
    writeTape(path);
    const tape = await openQueuedWriter(path);
    await tape.beginSession(sessionStart);
    await tape.abandon();
    expect(await sessionsOn(path)).toHaveLength(1);
    expect(await idsOn(path)).toEqual(['1', '2', '3']);
    expect(readdirSync(folder)).toEqual(['a.tape']);
  });
});

describe('a second writer', () => {
  it('is refused while the first one lives', async () => {
    const first = openTapeWriter(path);
    const error = await errorOf(() => openTapeWriter(path));
    expect(error.code).toBe('TAPE_BUSY');
    expect(error.message).toBe(`Cannot write ${path}: process ${process.pid} is writing it`);
    first.append(first.beginSession(sessionStart), [numbered(1)]);
    first.close();
    writeTape(path);
    expect(await idsOn(path)).toEqual(['1', '2', '3', '4']);
  });

  it('is welcome when the first one was killed', async () => {
    const child = startSource(feeder, [path]);
    await said(child, /flushed/);
    expect(await codeOf(() => openTapeWriter(path))).toBe('TAPE_BUSY');
    child.kill('SIGKILL');
    await endOf(child);
    openTapeWriter(path).close();
  });
});

describe('kill -9', () => {
  // Before the tape is there, while it is made, and while it is written.
  const moments: [string, (child: ChildProcess) => Promise<void>][] = [
    ['at once', async () => undefined],
    ['when the file is there', () => until(() => existsSync(path))],
    ['when it is no longer empty', () => until(() => existsSync(path) && statSync(path).size > 0)],
    ['when it is open', (child) => said(child, /opened/)],
    ...[50, 100, 150, 300, 500, 1000].map((count): [string, (child: ChildProcess) => Promise<void>] => [
      `when ${count} are flushed`,
      (child) => said(child, new RegExp(`flushed ${count}\\b`)),
    ]),
  ];
  it.each(moments)('%s leaves a tape that opens and holds all that was flushed', async (_name, moment) => {
    const child = startSource(feeder, [path]);
    const ended = endOf(child);
    await moment(child);
    child.kill('SIGKILL');
    const flushed = Number([...(await ended).stdout.matchAll(/^flushed (\d+)$/gm)].at(-1)?.[1] ?? 0);
    const ids = isBegun() ? await idsOn(path) : [];
    expect(ids).toEqual(Array.from({ length: ids.length }, (_, i) => String(i + 1)));
    expect(ids.length).toBeGreaterThanOrEqual(flushed);
    writeTape(path, 1);
    expect(new Set(await idsOn(path))).toEqual(new Set([...ids, String(ids.length + 1)]));
    const database = new Database(path);
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(database.prepare('SELECT sum(exchanges) FROM sessions').pluck().get()).toBe(ids.length + 1);
    database.close();
  });

  const isBegun = () => existsSync(path) && statSync(path).size > 0;

  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((resolve) => setImmediate(resolve));
  }
});

describe('a full disk', () => {
  it('is a clear error at the limit for files, and the tape still opens', async () => {
    // 4096 blocks of 512 bytes: 2 MiB a file
    const script = 'ulimit -f 4096; exec "$0" "$@"';
    const run = spawnSync('sh', ['-c', script, process.execPath, ...sourceArgs, join(root, feeder), path, '3000'], {
      encoding: 'utf8',
    });
    expect(run.stderr).toMatch(/^TAPE_FULL {2}Cannot write .*a\.tape: the disk is full, or refuses to be written\n/);
    expect(run.status).toBe(3);
    await expectWhatWasFlushed(run.stdout);
  });

  itOnMount('is the same on a file system without room, and the session says why it ended', async () => {
    mount(folder, 'size=2m');
    try {
      const run = spawnSync(process.execPath, [...sourceArgs, join(root, feeder), path, '3000'], { encoding: 'utf8' });
      expect(run.stderr).toMatch(/^TAPE_FULL/);
      await expectWhatWasFlushed(run.stdout);
      expect(await sessionsOn(path)).toMatchObject([{ state: 'disk-full', end: { reason: 'disk-full' } }]);
      expect(readdirSync(folder).filter((name) => name.includes('reserve'))).toEqual([]);
    } finally {
      unmount(folder);
    }
  });

  async function expectWhatWasFlushed(stdout: string): Promise<void> {
    const flushed = Number([...stdout.matchAll(/flushed (\d+)/g)].at(-1)?.[1]);
    expect(flushed).toBeGreaterThan(0);
    expect((await idsOn(path)).length).toBeGreaterThanOrEqual(flushed);
  }
});

describe('the writer that takes exchanges as they come', () => {
  it('writes what the writer itself would write', async () => {
    const batch = [
      numbered(1, 0),
      numbered(2, 20),
      numbered(3, 50_000),
      asRedacted(exchangeOf({ number: 4, request: null, response: null })),
    ];
    const tape = await openQueuedWriter(path);
    const session = await tape.beginSession(sessionStart);
    expect(tape.append(session, batch)).toBe(true);
    tape.noteLoss(session, { atUs: epochUs, connection: 1, reason: 'ring-full', events: 1, bytes: 2 });
    tape.endSession(session, { endedAtUs: epochUs + 5, reason: 'time' });
    await tape.close();

    const other = join(folder, 'b.tape');
    const writer = openTapeWriter(other);
    const same = writer.beginSession(sessionStart);
    writer.append(same, batch);
    writer.noteLoss(same, { atUs: epochUs, connection: 1, reason: 'ring-full', events: 1, bytes: 2 });
    writer.endSession(same, { endedAtUs: epochUs + 5, reason: 'time' });
    writer.close();

    const contentOf = async (file: string) => {
      const reader = openTapeReader(file);
      const content = { sessions: await reader.sessions(), exchanges: await Array.fromAsync(reader.exchanges()) };
      reader.close();
      return content;
    };
    expect(await contentOf(path)).toEqual(await contentOf(other));
  });

  it('writes what comes first at once, and what comes right after it without being told to flush', async () => {
    const tape = await openQueuedWriter(path, { batchMs: 20 });
    const session = await tape.beginSession(sessionStart);
    const pending = [1, 2].map((number) => {
      tape.append(session, [numbered(number)]);
      return tape.pending() > 0;
    });
    expect(pending).toEqual([false, true]);
    while ((await idsOn(path)).length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect([tape.pending(), await idsOn(path)]).toEqual([0, ['1', '2']]);
    await tape.close();
  });

  it('holds no more than a batch, however much comes', async () => {
    const tape = await openQueuedWriter(path, { batchBytes: 50_000, batchMs: 3_600_000 });
    const session = await tape.beginSession(sessionStart);
    const batch = Array.from({ length: 51 }, (_, i) => numbered(i + 1, 5000));
    expect(tape.append(session, batch)).toBe(true);
    expect(tape.pending()).toBeGreaterThan(0);
    expect(tape.pending()).toBeLessThan(50_000);
    await tape.flush();
    expect(tape.pending()).toBe(0);
    expect(await idsOn(path)).toHaveLength(51);
    await tape.close();
  });

  it('writes rows one by one and many at once alike, in one commit, with an open exchange that ends among them', async () => {
    const tape = await openQueuedWriter(path, { batchExchanges: 1000 });
    const session = await tape.beginSession(sessionStart);
    const cause = { number: 1, method: 'only-inbound' };
    const exchanges = Array.from({ length: 40 }, (_, i) =>
      asRedacted(exchangeOf({ number: i + 1, startedAtUs: epochUs + i, ...(i % 3 === 1 ? { cause } : {}) })),
    );
    const open = asRedacted(exchangeOf({ number: 41, outcome: 'open', problems: ['still-open'] }));
    const ended = asRedacted(exchangeOf({ number: 41 }));
    tape.append(session, [...exchanges.slice(0, 20), open, ...exchanges.slice(20), ended]);
    await tape.close();
    const reader = openTapeReader(path);
    const stored = await Array.fromAsync(reader.exchanges());
    await reader.close();
    expect(stored.map(({ exchange }) => exchange)).toEqual(
      [...exchanges, ended]
        .map(({ exchange }) => exchange)
        .sort((a, b) => a.startedAtUs - b.startedAtUs || a.number - b.number),
    );
    const database = new Database(path, { readonly: true });
    expect(database.prepare('SELECT count(*), count(DISTINCT commit_number) FROM exchanges').raw().get()).toEqual([
      41, 1,
    ]);
    database.close();
  });

  it('refuses to open what the writer refuses, with the same error', async () => {
    writeFileSync(path, 'no tape');
    await expect(openQueuedWriter(path)).rejects.toMatchObject({ code: 'TAPE_FOREIGN', exitStatus: 3 });
  });

  it('tells of a failure once, keeps taking without growing, and rejects what waits', async () => {
    const failures: string[] = [];
    const tape = await openQueuedWriter(path, { onFailure: (error) => failures.push(error.code) });
    const session = await tape.beginSession(sessionStart);
    const twice = [numbered(1), numbered(1)]; // an id that is taken: the one fault a test can cause from outside
    tape.append(session, twice);
    await expect(tape.flush()).rejects.toThrow(/UNIQUE/);
    expect(tape.append(session, [numbered(2)])).toBe(true);
    expect(tape.pending()).toBe(0);
    await tape.drained();
    expect(failures).toEqual(['INTERNAL']);
    expect(tape.failure()?.code).toBe('INTERNAL');
    await expect(tape.close()).rejects.toThrow(/UNIQUE/);
    await expect(tape.beginSession(sessionStart)).rejects.toThrow();
    expect(await idsOn(path)).toEqual([]);
  });
});

function said(child: ChildProcess, what: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (text: Buffer | string) => {
      if (what.test(String(text))) resolve();
    });
    child.on('close', () => reject(new Error(`the program ended before it said ${what}`)));
  });
}
