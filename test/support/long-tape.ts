/**
 * A tape of as many exchanges as a test or the bench asks for, written through the real store: a shop whose requests call
 * four services each, with ids of all kinds in paths and bodies, writes between reads, tokens that were redacted, and here and
 * there a call that failed. The same number gives the same tape.
 */
import type { HeaderList } from '../../tape/model/body';
import type { Connection, Exchange } from '../../tape/model/exchange';
import type { HttpResponse } from '../../tape/model/http/http';
import type { Redacted, RedactionEntry } from '../../tape/redact/redacted';
import { openTapeWriter } from '../../tape/store/sqlite';
import type { SessionStart } from '../../tape/store/tape';
import { httpIn } from './contents';
import { seededRandom } from './seeded-random';
import { asRedacted, bodyOf, connectionOf, epochUs, exchangeOf, requestOf, responseOf, sessionStart } from './tapes';

const exchangesAtOnce = 500;

/** The upstreams it calls, as mocks name them. */
export const longTapeUpstreams = ['users:8080', 'stock:8080', 'payments:8080', 'search:8080'] as const;

export function writeLongTape(path: string, exchanges: number, start: Partial<SessionStart> = {}): void {
  const writer = openTapeWriter(path);
  const session = writer.beginSession({ ...sessionStart, ...start });
  let batch: Redacted<Exchange>[] = [];
  for (const exchange of longRecording(exchanges)) {
    if (batch.push(exchange) < exchangesAtOnce) continue;
    writer.append(session, batch);
    batch = [];
  }
  writer.append(session, batch);
  writer.endSession(session, { endedAtUs: epochUs + exchanges * 1000, reason: 'interrupted' });
  writer.close();
}

/** What the recorded shop answered, in order. */
export function* longTapeAnswers(exchanges: number): Generator<HttpResponse, undefined, undefined> {
  for (const { exchange } of longRecording(exchanges)) {
    const { response } = httpIn(exchange);
    if (exchange.connection.direction === 'inbound' && response !== null) yield response;
  }
}

interface Sketch {
  readonly direction: Connection['direction'];
  readonly host: string;
  readonly method: string;
  readonly target: string;
  readonly headers?: HeaderList;
  readonly body?: object;
  readonly status?: number;
  readonly answer: object;
  readonly redacted?: readonly RedactionEntry[];
}

export function* longRecording(exchanges: number): Generator<Redacted<Exchange>> {
  const random = seededRandom(exchanges);
  const below = (limit: number): number => Math.floor(random() * limit);
  const hex = (digits: number): string => Array.from({ length: digits }, () => below(16).toString(16)).join('');
  const uuid = (): string => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
  let number = 0;
  while (number < exchanges) {
    const cause = number + 1;
    for (const sketch of storyOf({ below, uuid })) {
      if (number === exchanges) return;
      number++;
      yield exchangeFrom(sketch, number, sketch.direction === 'inbound' ? null : cause);
    }
  }
}

interface Chance {
  below(limit: number): number;
  uuid(): string;
}

/** One order, and what it took. */
function storyOf({ below, uuid }: Chance): readonly Sketch[] {
  const [order, user, sku, token] = [uuid(), below(5000), below(2000), `token-${below(200)}`];
  const outbound = { direction: 'outbound', method: 'GET' } as const;
  const bearer: HeaderList = [['Authorization', `Bearer ${token}`]];
  const taken = { in: 'request', path: 'header.authorization', rule: 'authorization', placeholder: token } as const;
  const item = { sku, name: `Article ${sku}`, text: 'As good as it gets. '.repeat(5 + (sku % 20)), price: sku * 10 };
  const stock = { ...outbound, host: 'stock:8080', target: `/stock/${sku}?warehouse=${sku % 3}` };
  const moved = below(4) === 0;
  const failed = below(50) === 0;
  return [
    {
      direction: 'inbound',
      host: 'shop.test',
      method: 'POST',
      target: '/orders',
      headers: bearer,
      redacted: [taken],
      body: { user, items: [{ sku, count: 1 + below(3) }], note: 'ring twice' },
      status: failed ? 502 : 201,
      answer: { order, state: failed ? 'failed' : 'new', items: [item] },
    },
    {
      ...outbound,
      host: 'users:8080',
      target: `/users/${user}`,
      headers: bearer,
      redacted: [taken],
      answer: { user, name: `Customer ${user}`, address: { street: `${user} High Street`, town: 'Utrecht' } },
    },
    { ...stock, answer: { ...item, left: below(100) } },
    ...(moved
      ? [{ ...stock, method: 'PUT', target: `/stock/${sku}`, body: { sku, by: -1 }, answer: { sku, moved: true } }]
      : [{ ...outbound, host: 'search:8080', target: `/similar?to=${sku}&limit=5`, answer: { like: [item, item] } }]),
    {
      ...outbound,
      host: 'payments:8080',
      method: 'POST',
      target: `/accounts/${user % 100}/charges`,
      body: { order, amount: sku * 10, currency: 'EUR' },
      status: failed ? 500 : 201,
      answer: { charge: uuid(), order, state: failed ? 'failed' : 'paid' },
    },
  ];
}

function exchangeFrom(sketch: Sketch, number: number, cause: number | null): Redacted<Exchange> {
  const { direction, host, method, target, headers = [], body, status = 200, answer, redacted = [] } = sketch;
  const startedAtUs = epochUs + number * 1000;
  const json: HeaderList = [['Content-Type', 'application/json']];
  const asked = body === undefined ? '' : JSON.stringify(body);
  const said = JSON.stringify(answer);
  const exchange = exchangeOf({
    number,
    connection: connectionTo(direction, host),
    seq: number,
    startedAtUs,
    durationUs: 900,
    cause: cause === null ? null : { number: cause, method: 'thread' },
    request: requestOf({
      method,
      target,
      headers: [
        ['Host', host],
        ['User-Agent', 'shop/1.0'],
        ['Accept', 'application/json'],
        ['X-Request-Id', `${number}-of-the-shop`],
        ...headers,
        ...(body === undefined ? [] : json),
        ...(body === undefined ? [] : [['Content-Length', String(asked.length)] as const]),
      ],
      body: bodyOf(asked),
      startedAtUs,
      endedAtUs: startedAtUs + 10,
    }),
    response: responseOf({
      status,
      headers: [
        ['Date', new Date(startedAtUs / 1000).toUTCString()],
        ['Server', 'nginx'],
        ...json,
        ['Content-Length', String(said.length)],
        ['Cache-Control', 'no-store'],
      ],
      body: bodyOf(said),
      startedAtUs: startedAtUs + 800,
      endedAtUs: startedAtUs + 900,
    }),
  });
  return asRedacted(exchange, redacted);
}

const hosts = ['shop.test', ...longTapeUpstreams];

function connectionTo(direction: Connection['direction'], host: string): Connection {
  const at = hosts.indexOf(host) as number;
  const there = `10.0.0.${at + 7}:8080`;
  return direction === 'inbound'
    ? connectionOf({ key: 1 })
    : connectionOf({ key: at + 1, direction, local: '127.0.0.1:40000', remote: there });
}
