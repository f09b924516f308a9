/** What every store must do for who writes through its queue and who follows; one suite, run on SQLite and on memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Exchange } from '../../tape/model/exchange';
import { parseFilterPattern } from '../../tape/model/filter';
import { createMemoryStore } from '../../tape/store/memory';
import { storeOf } from '../../tape/store/registry';
import { openQueuedWriter, sqlite } from '../../tape/store/sqlite';
import type { Committed, Cursor, FollowOptions, QueuedWriter, TapeReader, TapeStore } from '../../tape/store/tape';
import { asRedacted, epochUs, exchangeOf, messageOf, requestOf, sessionStart } from '../support/tapes';

interface Member {
  readonly store: TapeStore;
  location(name: string): string;
  remove(): void;
}

/** Small batches, so that there are many. */
function sqliteMember(): Member {
  const folder = mkdtempSync(join(tmpdir(), 'wiretape-store-'));
  const small = { batchMs: 1, batchExchanges: 7 };
  return {
    store: { ...sqlite, openWriter: (path, options) => openQueuedWriter(path, { ...small, ...options }) },
    location: (name) => join(folder, `${name}.tape`),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function memoryMember(): Member {
  return { store: createMemoryStore(), location: (name) => `memory://${name}`, remove: () => undefined };
}

const at = (number: number, more: Partial<Exchange> = {}) =>
  asRedacted(exchangeOf({ number, startedAtUs: epochUs + number, ...more }));
const open = { outcome: 'open', durationUs: null, problems: ['still-open'] } as const;
const ending = { endedAtUs: epochUs, reason: 'interrupted' };
const ids = (seen: readonly Committed[]) => seen.map(({ exchange }) => exchange.id);

describe.each([
  ['sqlite', sqliteMember],
  ['memory', memoryMember],
])('a store in %s', (_, create) => {
  let member: Member;
  let tape: string;
  const opened: { close(): Promise<void> }[] = [];
  beforeEach(() => {
    member = create();
    tape = member.location('a');
  });
  afterEach(async () => {
    for (const each of opened.splice(0).reverse()) await each.close().catch(() => undefined);
    member.remove();
  });

  async function write(location = tape): Promise<QueuedWriter> {
    const writer = await member.store.openWriter(location);
    opened.push(writer);
    return writer;
  }

  async function read(location = tape): Promise<TapeReader> {
    const reader = await member.store.openReader(location);
    opened.push(reader);
    return reader;
  }

  /** A tape with exchanges 1 to 3 in commits of their own, and whoever writes it. */
  async function written(location = tape, start = sessionStart) {
    const writer = await write(location);
    const session = await writer.beginSession(start);
    for (const number of [1, 2, 3]) {
      writer.append(session, [at(number)]);
      await writer.flush();
    }
    return { writer, session };
  }

  async function news(after: Cursor | null = null, options: Partial<FollowOptions> = {}, location = tape) {
    const reader = await read(location);
    return Array.fromAsync(reader.follow(after, { until: 'caught-up', ...options }));
  }

  it('refuses to read what was never written', async () => {
    await expect(member.store.openReader(member.location('none'))).rejects.toMatchObject({ code: 'TAPE_MISSING' });
  });

  it.each([undefined, 0.25])('keeps which share of the connections was recorded: %j', async (sample) => {
    const { writer } = await written(tape, sample === undefined ? sessionStart : { ...sessionStart, sample });
    await writer.flush();
    const [session] = await (await read()).sessions();
    expect(session?.sample).toBe(sample);
  });

  it('takes away what was made for a recording that never began', async () => {
    const writer = await member.store.openWriter(tape);
    await writer.beginSession(sessionStart);
    await writer.abandon();
    await expect(member.store.openReader(tape)).rejects.toMatchObject({ code: 'TAPE_MISSING' });
  });

  it('tells of what cannot be written when it is asked, and takes on', async () => {
    const failures: string[] = [];
    const writer = await member.store.openWriter(tape, { onFailure: ({ code }) => failures.push(code) });
    await writer.beginSession(sessionStart);
    writer.append('77', [at(1)]);
    await expect(writer.flush()).rejects.toMatchObject({ code: 'INTERNAL' });
    writer.append('77', [at(2)]);
    expect([failures, writer.failure()?.code]).toEqual([['INTERNAL'], 'INTERNAL']);
    await expect(writer.close()).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  describe('gives what is new', () => {
    it('in the order of commits, not of time, and ends where it has caught up', async () => {
      const writer = await write();
      const session = await writer.beginSession(sessionStart);
      for (const number of [3, 1, 2]) {
        writer.append(session, [at(number)]);
        await writer.flush();
      }
      expect(ids(await news())).toEqual(['3', '1', '2']);
    });

    it('after any cursor it gave, to a reader of another day', async () => {
      const { writer, session } = await written();
      const all = await news();
      for (const [i, { cursor }] of all.entries()) expect(ids(await news(cursor))).toEqual(ids(all.slice(i + 1)));
      writer.append(session, [at(4)]);
      await writer.close();
      expect(ids(await news(all.at(-1)?.cursor))).toEqual(['4']);
    });

    it('after a cursor in the middle of a commit, and of many pages of it', async () => {
      const writer = await write();
      const session = await writer.beginSession(sessionStart);
      writer.append(
        session,
        Array.from({ length: 600 }, (__, i) => at(i + 1)),
      );
      await writer.flush();
      const all = await news();
      expect(new Set(ids(all)).size).toBe(600);
      expect(ids(await news(all[300]?.cursor))).toEqual(ids(all.slice(301)));
    });

    it('again where it grew, as it is by then, and once where it grew twice', async () => {
      const writer = await write();
      const session = await writer.beginSession(sessionStart);
      const grow = async (...texts: string[]) => {
        for (const text of texts) {
          const before = Number(text);
          const messages = [messageOf(text)];
          writer.append(session, [at(1, { ...open, protocol: 'websocket', messages, messagesBefore: before })]);
          await writer.flush();
        }
      };
      await grow('0');
      writer.append(session, [at(2)]);
      await writer.flush();
      const first = await news();
      expect(first.map(({ exchange }) => [exchange.id, exchange.messages])).toEqual([
        ['1', 1],
        ['2', 0],
      ]);
      await grow('1', '2');
      const second = await news(first.at(-1)?.cursor);
      expect(second.map(({ exchange }) => [exchange.id, exchange.messages])).toEqual([['1', 3]]);
      expect(ids(await news(first[0]?.cursor))).toEqual(['2', '1']);
    });

    it('that passes the filter, of the session that is asked for', async () => {
      const writer = await write();
      const [one, two] = [await writer.beginSession(sessionStart), await writer.beginSession(sessionStart)];
      for (const [session, target] of [
        [one, '/a'],
        [two, '/a'],
        [two, '/b'],
        [one, '/b'],
      ] as const) {
        const number = target === '/a' ? 1 : 2;
        const request = requestOf({ target });
        writer.append(session, [asRedacted(exchangeOf({ number, startedAtUs: epochUs + number, request }))]);
        await writer.flush();
      }
      const shown = (seen: readonly Committed[]) =>
        seen.map(({ exchange, sessionState }) => [exchange.session, exchange.operation.target, sessionState]);
      const all = await news();
      expect(shown(all)).toEqual([
        [one, '/a', 'recording'],
        [two, '/a', 'recording'],
        [two, '/b', 'recording'],
        [one, '/b', 'recording'],
      ]);
      expect(new Set(ids(all)).size).toBe(4);
      expect(shown(await news(null, { filter: { session: two } })).map(([, target]) => target)).toEqual(['/a', '/b']);
      const include = [parseFilterPattern('* **/b')];
      expect(shown(await news(all[0]?.cursor, { filter: { include } })).map(([session]) => session)).toEqual([
        two,
        one,
      ]);
    });

    it.each(['', 'x', '1-1', '1-1-', '1-1-too-short', '99999999999999999999-1-AAAAAAAAAAAA'])(
      'and no cursor is %j',
      async (cursor) => {
        await written();
        await expect(news(cursor)).rejects.toMatchObject({ code: 'CURSOR_FOREIGN' });
      },
    );

    it('and refuses a cursor of another tape, or of this one before it was recorded anew', async () => {
      await written();
      const cursor = (await news()).at(-1)?.cursor ?? '';
      await written(member.location('b'), { ...sessionStart, startedAtUs: sessionStart.startedAtUs + 1 });
      await expect(news(cursor, {}, member.location('b'))).rejects.toMatchObject({ code: 'CURSOR_FOREIGN' });
      await expect(news(cursor.replace('-3-', '-9-'))).rejects.toMatchObject({ code: 'CURSOR_FOREIGN' });
      await expect(news(cursor.replace(/^\d+/, '77'))).rejects.toMatchObject({ code: 'CURSOR_FOREIGN' });
    });
  });

  describe('waits for what is to come', () => {
    /** Takes `count` and leaves the iteration in the middle. */
    async function take(from: AsyncIterator<Committed>, count: number): Promise<Committed[]> {
      const taken: Committed[] = [];
      while (taken.length < count) {
        const step = await from.next();
        if (step.done === true) break;
        taken.push(step.value);
      }
      return taken;
    }

    it('from before the first commit, until the session ends', async () => {
      const writer = await write();
      const session = await writer.beginSession(sessionStart);
      const reader = await read();
      const all = Array.fromAsync(reader.follow(null, { until: 'ended' }));
      writer.append(session, [at(1)]);
      await writer.flush();
      writer.append(session, [at(2)]);
      writer.endSession(session, ending);
      await writer.flush();
      expect(ids(await all)).toEqual(['1', '2']);
    });

    it('from before the first session, and goes on where it was', async () => {
      const writer = await write();
      const reader = await read();
      const following = reader.follow(null, { until: 'ended' });
      const first = take(following, 1);
      const session = await writer.beginSession(sessionStart);
      writer.append(session, [at(1)]);
      expect(ids(await first)).toEqual(['1']);
      const second = take(following, 2);
      writer.append(session, [at(2)]);
      await writer.flush();
      writer.append(session, [at(3)]);
      expect(ids(await second)).toEqual(['2', '3']);
      writer.endSession(session, ending);
      expect(await take(following, 1)).toEqual([]);
    });

    it('loses nothing and gives nothing twice while it is written, over restarts of the reader', async () => {
      const writer = await write();
      const session = await writer.beginSession(sessionStart);
      const seen: string[] = [];
      const total = 400;
      const writing = (async () => {
        for (let number = 1; number <= total; number += 5) {
          writer.append(
            session,
            [0, 1, 2, 3, 4].map((more) => at(number + more)),
          );
          if (number % 50 === 1) await writer.flush();
        }
        writer.endSession(session, ending);
        await writer.flush();
      })();
      let cursor: Cursor | null = null;
      while (seen.length < total) {
        const reader: TapeReader = await member.store.openReader(tape);
        const some = await take(reader.follow(cursor, { until: 'ended' }), 90);
        seen.push(...ids(some));
        cursor = some.at(-1)?.cursor ?? cursor;
        await reader.close();
      }
      await writing;
      expect(seen.length).toBe(total);
      expect(new Set(seen).size).toBe(total);
      expect(await news(cursor)).toEqual([]);
    });

    it('ends with its session where it asks for one, though another goes on', async () => {
      const writer = await write();
      const [one, two] = [await writer.beginSession(sessionStart), await writer.beginSession(sessionStart)];
      writer.append(one, [at(1)]);
      writer.append(two, [at(1)]);
      writer.endSession(one, ending);
      await writer.flush();
      const seen = await news(null, { until: 'ended', filter: { session: one } });
      expect(seen.map(({ exchange }) => exchange.session)).toEqual([one]);
    });

    it('ends at once where nobody writes any more', async () => {
      const { writer } = await written();
      await writer.close(); // without an end of its session
      expect(ids(await news(null, { until: 'ended' }))).toEqual(['1', '2', '3']);
    });

    it('goes on after the end of a session where nothing but the signal is to end it', async () => {
      const { writer, session } = await written();
      const stop = new AbortController();
      const reader = await read();
      const following = reader.follow(null, { until: 'aborted', signal: stop.signal });
      await take(following, 3);
      writer.endSession(session, ending);
      const next = following.next();
      writer.append(await writer.beginSession(sessionStart), [at(1)]);
      expect((await next).value?.exchange.session).not.toBe(session);
      const last = following.next();
      stop.abort();
      expect(await last).toEqual({ done: true, value: undefined });
    });

    it('gives nothing to who has aborted before, and ends for who closes the reader', async () => {
      await written();
      expect(await news(null, { until: 'aborted', signal: AbortSignal.abort() })).toEqual([]);
      const reader = await read();
      const following = reader.follow(null, { until: 'aborted' });
      await take(following, 3);
      const last = following.next();
      await reader.close();
      expect(await last).toEqual({ done: true, value: undefined });
    });
  });
});

describe('the store of a location', () => {
  it.each(['shop.tape', '/var/tapes/shop.tape', 'a:b.tape', './x://y'])('is SQLite for the path %s', (location) => {
    expect(storeOf(location)).toBe(sqlite);
  });

  it('is refused where there is none for its scheme', () => {
    expect(() => storeOf('Postgres://db/tapes')).toThrow(/No store keeps tapes at postgres:\/\//);
  });
});
