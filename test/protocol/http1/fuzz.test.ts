/** Seeded nonsense: whatever comes, nothing throws, memory that was taken is given back, and every byte is accounted for. */
import { Budget } from '../../../recorder/follow/budget';
import { createPipeline } from '../../../recorder/pipeline';
import type { SourceEvent } from '../../../recorder/source/events';
import { type Exchange, problemWords } from '../../../tape/model/exchange';
import { httpIn, rawIn } from '../../support/contents';
import {
  chunked,
  client,
  closes,
  eventsOf,
  get,
  head,
  ok,
  play,
  post,
  server,
  startUs,
  type Turn,
} from '../../support/converse';
import { pick, type Random, seededRandom } from '../../support/seeded-random';
import { asRedacted } from '../../support/tapes';

const words = [
  'GET / HTTP/1.1\r\n',
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.1 101 Switching Protocols\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'Content-Length: 5\r\n',
  'Content-Length: 99999999999999999999\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: upgrade\r\nUpgrade: x\r\n',
  'HEAD /h HTTP/1.0\r\n\r\n',
  'CONNECT a:1 HTTP/1.1\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\n',
  '\r\n',
  '\n',
  ' folded\r\n',
  'ffffffffffffffff\r\n',
  '0\r\n\r\n',
  '5\r\nhello\r\n',
  '\x16\x03\x01',
  ':',
  '\0',
];

function randomBytes(random: Random, most: number): Buffer {
  return Buffer.from(Array.from({ length: 1 + Math.floor(random() * most) }, () => Math.floor(random() * 256)));
}

function wordSalad(random: Random): Buffer {
  const count = 1 + Math.floor(random() * 12);
  return Buffer.from(Array.from({ length: count }, () => pick(random, words)).join(''), 'latin1');
}

const valid: readonly Turn[] = [
  client(get('/a') + post('/b', 'body')),
  server(ok('A', 'Content-Encoding: gzip') + chunked('b', 'bb')),
  client(head('GET /w HTTP/1.1', ['Connection: upgrade', 'Upgrade: w'])),
  server(ok('no')),
  client(get('/c')),
  server('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n\r\nuntil the end'),
];

function mutate(bytes: Buffer, random: Random): Buffer {
  const at = Math.floor(random() * bytes.length);
  const kind = random();
  if (kind < 0.3) return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + Math.floor(random() * 9))]);
  if (kind < 0.6) return Buffer.concat([bytes.subarray(0, at), wordSalad(random), bytes.subarray(at)]);
  const changed = Buffer.from(bytes);
  for (let i = 0; i < 1 + random() * 4; i++)
    changed[Math.floor(random() * changed.length)] = Math.floor(random() * 256);
  return changed;
}

function mutated(random: Random): Turn[] {
  return valid.map((turn) =>
    turn.kind === 'says' && random() < 0.4 ? { ...turn, bytes: mutate(turn.bytes, random) } : turn,
  );
}

function nonsense(random: Random): Turn[] {
  return Array.from({ length: 1 + Math.floor(random() * 10) }, () => {
    const bytes = random() < 0.7 ? wordSalad(random) : randomBytes(random, 40);
    return random() < 0.5 ? client(bytes) : server(bytes);
  });
}

/** Loses, repeats, swaps and shortens events. */
function disturbed(events: readonly SourceEvent[], random: Random): SourceEvent[] {
  const result: SourceEvent[] = [];
  for (const event of events) {
    const luck = random();
    if (event.kind !== 'data' || luck < 0.8) result.push(event);
    else if (luck < 0.85)
      result.push({ ...event, bytes: event.bytes.subarray(0, event.bytes.length >> 1), missing: 'fault' });
    else if (luck < 0.9) result.push(event, event);
    else if (luck < 0.95) result.splice(Math.max(1, result.length - 1), 0, event);
  }
  return result;
}

const roles = ['inbound', 'outbound', 'unknown'] as const;
const endings = ['closed', 'reset', 'timeout'] as const;

function scene(random: Random): SourceEvent[] {
  const turns = random() < 0.5 ? mutated(random) : nonsense(random);
  if (random() < 0.7) turns.push(closes(pick(random, endings)));
  const events = eventsOf({ role: pick(random, roles), startedEarlier: random() < 0.2 }, turns);
  return random() < 0.5 ? disturbed(events, random) : events;
}

function expectWellFormed(exchange: Exchange): void {
  expect(exchange.problems.every((problem) => problem in problemWords)).toBe(true);
  expect([...exchange.problems].sort()).toEqual(exchange.problems);
  expect(exchange.durationUs ?? 0).toBeGreaterThanOrEqual(0);
  expect(rawIn(exchange) === null).toBe(exchange.protocol === 'http1');
  for (const message of [httpIn(exchange).request, httpIn(exchange).response]) {
    if (message === null) continue;
    expect(message.body.bytes.length).toBeLessThanOrEqual(message.body.wireSize);
    if (exchange.problems.length === 0) expect(message.body.bytes.length).toBe(message.body.wireSize);
  }
  if (exchange.problems.length > 0) return;
  if (exchange.outcome === 'response')
    expect(httpIn(exchange).request !== null && httpIn(exchange).response !== null).toBe(true);
}

describe('nonsense', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed))('is taken as it comes (seed %d)', (seed) => {
    const random = seededRandom(seed * 7919 + 1);
    for (let round = 0; round < 100; round++) {
      for (const exchange of play(scene(random), { keepRaw: random() < 0.5 }).exchanges) expectWellFormed(exchange);
    }
  });

  it('leaves no memory taken behind', () => {
    const taken: Budget[] = [];
    const take = jest.spyOn(Budget.prototype, 'take').mockImplementation(function (this: Budget, bytes) {
      if (!taken.includes(this)) taken.push(this);
      this.charge(bytes);
      return true;
    });
    const random = seededRandom('memory');
    for (let round = 0; round < 300; round++) play(scene(random), { keepRaw: true });
    take.mockRestore();
    expect(taken.length).toBeGreaterThan(0);
    expect(taken.map((budget) => budget.usedBytes).filter((bytes) => bytes !== 0)).toEqual([]);
  });

  it('on many connections at once stays apart', () => {
    const random = seededRandom('many');
    const scenes = Array.from({ length: 50 }, (_, key) =>
      eventsOf({ key: key + 1 }, [client(get(`/${key + 1}`)), server(ok(`${key + 1}`)), client(wordSalad(random))]),
    );
    const seen: Exchange[] = [];
    const pipeline = createPipeline({
      redact: (exchange) => asRedacted(exchange),
      onExchange: ({ exchange }) => seen.push(exchange),
      onLoss: () => undefined,
    });
    while (scenes.some((events) => events.length > 0)) {
      const next = pick(random, scenes).shift();
      if (next !== undefined) pipeline.push([next]);
    }
    pipeline.end(startUs + 10_000_000);
    const right = seen.filter((exchange) => httpIn(exchange).request?.target === `/${exchange.connection.key}`);
    expect(right.map((exchange) => Buffer.from(httpIn(exchange).response?.body.bytes ?? []).toString()).sort()).toEqual(
      right.map((exchange) => `${exchange.connection.key}`).sort(),
    );
    expect(right).toHaveLength(50);
  });
});
