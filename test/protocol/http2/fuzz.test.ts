/** Seeded nonsense in frames: nothing throws, memory that was taken is given back, time stays in proportion to bytes. */
import { Budget } from '../../../recorder/follow/budget';
import type { SourceEvent } from '../../../recorder/source/events';
import { type Exchange, problemWords } from '../../../tape/model/exchange';
import { httpIn } from '../../support/contents';
import { client, closes, eventsOf, play, server, type Turn } from '../../support/converse';
import {
  added,
  answers,
  asks,
  clientOpening,
  data,
  frame,
  goAway,
  headers,
  indexed,
  promise,
  reset,
  serverOpening,
  settings,
  tableSize,
} from '../../support/http2-frames';
import { pick, type Random, seededRandom } from '../../support/seeded-random';

function randomBytes(random: Random, most: number): Buffer {
  return Buffer.from(Array.from({ length: Math.floor(random() * most) }, () => Math.floor(random() * 256)));
}

/** Frames of every kind on few streams, most of them right by themselves. */
function anyFrame(random: Random): Buffer {
  const id = Math.floor(random() * 8);
  const kinds: readonly (() => Buffer)[] = [
    () => asks(id, '/a', random() < 0.5 ? undefined : 'body'),
    () => answers(id, 'body'),
    () => headers(id, indexed(2, 6, 4, 62), { ends: random() < 0.5, padding: Math.floor(random() * 9) }),
    () =>
      headers(id, added([[':status', pick(random, ['103', '200', '500', 'x'])]]), {
        cut: 1 + Math.floor(random() * 9),
      }),
    () =>
      headers(id, [
        [':method', 'CONNECT'],
        [':authority', 'a:1'],
      ]),
    () => headers(id, [['grpc-status', '0']], { ends: true }),
    () => headers(id, randomBytes(random, 20)),
    () => headers(id, Buffer.concat([tableSize(pick(random, [0, 30, 4096])), indexed(8)])),
    () => data(id, randomBytes(random, 50), { ends: random() < 0.3 }),
    () =>
      promise(id, Math.floor(random() * 8), [
        [':method', 'GET'],
        [':path', '/p'],
      ]),
    () => reset(id, Math.floor(random() * 9)),
    () => goAway(id),
    () => settings([1, Math.floor(random() * 2 ** 32)]),
    () => frame(Math.floor(random() * 12), id, Math.floor(random() * 256), randomBytes(random, 20)),
    () => randomBytes(random, 30),
  ];
  return pick(random, kinds)();
}

function turnsOf(random: Random): Turn[] {
  const turns: Turn[] = random() < 0.9 ? [client(clientOpening), server(serverOpening)] : [];
  for (let i = 0; i < 2 + random() * 20; i++) {
    const said = Buffer.concat(Array.from({ length: 1 + Math.floor(random() * 3) }, () => anyFrame(random)));
    const bytes = random() < 0.2 ? said.subarray(0, Math.floor(random() * said.length)) : said;
    if (bytes.length > 0) turns.push(random() < 0.5 ? client(bytes) : server(bytes));
  }
  if (random() < 0.7) turns.push(closes(pick(random, ['closed', 'reset', 'timeout'] as const)));
  return turns;
}

function disturbed(events: readonly SourceEvent[], random: Random): SourceEvent[] {
  return events.flatMap((event): SourceEvent[] => {
    const luck = random();
    if (event.kind !== 'data' || luck < 0.85) return [event];
    if (luck < 0.9) return [];
    return [{ ...event, bytes: event.bytes.subarray(0, event.bytes.length >> 1), missing: 'fault' }];
  });
}

function scene(random: Random): SourceEvent[] {
  const role = pick(random, ['inbound', 'outbound', 'unknown'] as const);
  const events = eventsOf({ role, startedEarlier: random() < 0.2 }, turnsOf(random));
  return random() < 0.5 ? disturbed(events, random) : events;
}

function expectWellFormed(exchange: Exchange): void {
  expect(exchange.problems.every((problem) => problem in problemWords)).toBe(true);
  expect(exchange.durationUs ?? 0).toBeGreaterThanOrEqual(0);
  for (const message of [httpIn(exchange).request, httpIn(exchange).response]) {
    if (message === null) continue;
    expect(message.body.bytes.length).toBeLessThanOrEqual(message.body.wireSize);
    if (exchange.problems.length === 0) expect(message.body.bytes.length).toBe(message.body.wireSize);
    expect(message.headers.every(([name]) => !name.startsWith(':') && name !== '\0')).toBe(true);
  }
  if (exchange.problems.length === 0 && exchange.outcome === 'response')
    expect(httpIn(exchange).request !== null && httpIn(exchange).response !== null).toBe(true);
}

describe('nonsense in frames', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed))('is taken as it comes (seed %d)', (seed) => {
    const random = seededRandom(seed * 7919 + 3);
    for (let round = 0; round < 100; round++) {
      const limits = random() < 0.3 ? { pendingRequests: 2, bodyBytes: 8 } : {};
      const { exchanges } = play(scene(random), { keepRaw: random() < 0.5, limits });
      exchanges.filter(({ outcome }) => outcome !== 'open').forEach(expectWellFormed);
      const ended = exchanges.filter(({ outcome }) => outcome !== 'open').map(({ number }) => number);
      expect(new Set(ended).size).toBe(ended.length);
    }
  });

  it('leaves no memory taken behind', () => {
    const taken = new Set<Budget>();
    const take = jest.spyOn(Budget.prototype, 'take').mockImplementation(function (this: Budget, bytes) {
      taken.add(this);
      this.charge(bytes);
      return true;
    });
    const random = seededRandom('memory');
    for (let round = 0; round < 500; round++) play(scene(random), { keepRaw: true });
    take.mockRestore();
    expect(taken.size).toBeGreaterThan(0);
    expect([...taken].map((budget) => budget.usedBytes).filter((bytes) => bytes !== 0)).toEqual([]);
  });

  it('costs in proportion to what is said: frames without a content, and streams that never end', () => {
    // Work that grew with the square of these would not end in the time a test has.
    const empty = Buffer.concat(Array.from({ length: 200_000 }, () => data(1, '')));
    const unanswered = Buffer.concat(Array.from({ length: 20_000 }, (_, i) => asks(2 * i + 3, '/n')));
    const seen = play(
      eventsOf({}, [
        client(Buffer.concat([clientOpening, asks(1, '/a')])),
        server(empty),
        client(unanswered),
        closes(),
      ]),
    );
    expect(seen.exchanges).toHaveLength(20_001);
  });
});
