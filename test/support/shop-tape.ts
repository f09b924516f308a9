/** A tape of a small shop, hand-made: the exchanges that `ls`, `show` and docs/tape-format.md are tried on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Connection, Exchange } from '../../tape/model/exchange';
import type { RedactionEntry } from '../../tape/redact/redacted';
import { openTapeWriter } from '../../tape/store/sqlite';
import {
  asRedacted,
  bodyOf,
  connectionOf,
  type ExchangeParts,
  epochUs,
  exchangeOf,
  requestOf,
  responseOf,
  sessionStart,
} from './tapes';

export interface ShopTape {
  readonly path: string;
  remove(): void;
}

const json = ['Content-Type', 'application/json'] as const;
const order =
  '{"amount":1299,"id":9007199254740993,"lines":[{"sku":"A-1","count":2}],"notes":[],"b":null,"a":"é\\u0001"}';
const zipped = gzipSync(order);
const cookie: RedactionEntry = {
  in: 'request',
  path: 'header["cookie"]',
  rule: 'cookie',
  placeholder: 'sid=wt_0c9e41f7a2',
};

const browser = connectionOf({
  key: 1,
  local: '127.0.0.1:8443',
  remote: '127.0.0.1:50112',
  tls: { library: 'openssl' },
});
/** The shop runs in a pod, as far as the recorder could tell when it called. */
const pod = { id: '2b4f1c1e-9d52-4a0e-8a57-0d6a4f0a9c11', name: 'api-7c9f', namespace: 'shop' };
const container = { id: 'e72df2990809'.padEnd(64, '0'), name: 'api', image: 'shop/api:1.4', pod };
const payments = connectionOf({
  key: 2,
  process: { pid: 4711, name: 'node', container },
  direction: 'outbound',
  local: '127.0.0.1:40122',
  remote: '10.0.0.7:8443',
  tls: { library: 'openssl' },
});
const database = connectionOf({ key: 3, direction: 'outbound', local: '127.0.0.1:40200', remote: '10.0.0.9:5432' });
const unbound = connectionOf({ key: 4, local: null, remote: null, tls: { library: 'openssl' } });
const nobody = connectionOf({ key: 5, direction: 'outbound', local: '127.0.0.1:40201', remote: '[::1]:9000' });
const sealed = connectionOf({
  key: 6,
  direction: 'outbound',
  local: '127.0.0.1:40202',
  remote: '10.0.0.11:443',
  unreadTls: { library: 'Go crypto/tls', reason: 'not-read' },
});

/** One of each kind: with a cause, damaged, raw, refused, binary, multipart, unbound, encrypted. */
export const shopExchanges: readonly (readonly [Exchange, readonly RedactionEntry[]])[] = [
  [makeOrder(), [cookie]],
  [charge(), []],
  [
    at(3, browser, 20_000, { request: requestOf({ target: '/orders/17?expand=lines' }), response: notFound(), seq: 1 }),
    [],
  ],
  [rawStream(4, null), []],
  [rawStream(5, 'SELECT 1;\u0000'), []],
  [refused(), []],
  [upload(), []],
  [torn(), []],
  [picture(), []],
  [form(), []],
  [encrypted(), []],
];

/** Writes the tape into a folder of its own: all of it in one session, then an empty one. */
export function createShopTape(): ShopTape {
  const folder = mkdtempSync(join(tmpdir(), 'wiretape-shop-'));
  const path = join(folder, 'shop.tape');
  const writer = openTapeWriter(path);
  const session = writer.beginSession(sessionStart);
  writer.append(
    session,
    shopExchanges.map(([exchange, entries]) => asRedacted(exchange, entries)),
  );
  writer.noteLoss(session, { atUs: epochUs, connection: 3, reason: 'ring-full', events: 3, bytes: 40_960 });
  writer.endSession(session, { endedAtUs: epochUs + 90_000_000_000, reason: 'interrupted' });
  writer.beginSession({ ...sessionStart, startedAtUs: epochUs + 100_000_000_000 });
  writer.close();
  return { path, remove: () => rmSync(folder, { recursive: true }) };
}

function at(number: number, connection: Connection, afterUs: number, over: ExchangeParts): Exchange {
  return exchangeOf({ number, connection, startedAtUs: epochUs + afterUs, ...over });
}

function makeOrder(): Exchange {
  return at(1, browser, 123_456, {
    request: requestOf({
      method: 'POST',
      target: '/orders?x=1',
      headers: [['Host', 'localhost:8443'], json, ['X-A', '1'], ['x-a', '2'], ['Cookie', cookie.placeholder]],
      body: bodyOf(order),
      endedAtUs: epochUs + 500,
    }),
    response: responseOf({
      status: 201,
      reason: 'Created',
      headers: [json, ['Content-Encoding', 'gzip'], ['Transfer-Encoding', 'chunked']],
      body: bodyOf(zipped, { codings: ['gzip'] }),
      trailers: [['X-Sum', 'abc']],
      informational: [{ status: 103, headers: [['Link', '</a.css>']] }],
      startedAtUs: epochUs + 3000,
    }),
  });
}

function charge(): Exchange {
  return at(2, payments, 124_000, {
    request: requestOf({
      method: 'POST',
      target: '/charge',
      headers: [['Host', 'payments:8443'], json],
      body: bodyOf('{"amount":1299}'),
    }),
    response: responseOf({ status: 503, reason: '', headers: [['Retry-After', '1']], body: bodyOf('') }),
    durationUs: 128_400_000,
    cause: { number: 1, method: 'POST' },
  });
}

/** A hostile path and body: neither may reach a terminal as it is. */
function notFound() {
  return responseOf({
    status: 404,
    reason: 'Not Found',
    headers: [
      ['Content-Type', 'text/plain; charset=utf-8'],
      ['X-Title', Buffer.from('Zürich').toString('latin1')],
    ],
    body: bodyOf('no such order\r\n\u001b[2J\u001b]0;owned\u0007\u202egnp.exe\r\n'),
  });
}

function rawStream(number: number, said: string | null): Exchange {
  const bytes = said === null ? null : Buffer.from(said);
  return at(number, said === null ? database : unbound, 200_000 + number, {
    protocol: 'raw',
    request: null,
    response: null,
    durationUs: null,
    outcome: 'closed',
    raw: {
      protocol: 'PostgreSQL',
      requestSize: 20,
      responseSize: 4_000_000,
      requestBytes: bytes,
      responseBytes: bytes && Buffer.alloc(0),
    },
  });
}

function encrypted(): Exchange {
  return at(11, sealed, 86_403_000_000, {
    protocol: 'raw',
    request: null,
    response: null,
    outcome: 'closed',
    problems: ['encrypted'],
    raw: { protocol: null, requestSize: 1_800, responseSize: 5_200, requestBytes: null, responseBytes: null },
  });
}

function refused(): Exchange {
  return at(6, nobody, 300_000, {
    protocol: 'raw',
    request: null,
    response: null,
    durationUs: 43,
    outcome: 'refused',
    cause: { number: 3, method: 'GET' },
  });
}

function upload(): Exchange {
  const parts = [
    '--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\nyou\r\n',
    '--b\r\nContent-Disposition: form-data; name="meta"\r\nContent-Type: application/json\r\n\r\n{"a":[1,2]}\r\n',
    '--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n\u0089PNG\r\n--b--\r\n',
  ];
  return at(7, browser, 400_000, {
    request: requestOf({
      method: 'PUT',
      target: 'http://localhost:8443/uploads',
      headers: [['Content-Type', 'multipart/form-data; boundary=b']],
      body: bodyOf(Buffer.from(parts.join(''), 'latin1')),
    }),
    response: responseOf({ status: 204, reason: 'No Content', headers: [], body: bodyOf('') }),
    seq: 2,
  });
}

/** The next day, so that the table names a second one; torn in three ways. */
function torn(): Exchange {
  return at(8, browser, 86_400_000_000, {
    request: requestOf({ target: '/report\u001b[31m', headers: [['Host', 'localhost:8443']] }),
    response: responseOf({
      headers: [json, ['Content-Encoding', 'gzip'], ['Content-Length', '9000']],
      body: bodyOf(zipped.subarray(0, 60), { codings: ['gzip'], wireSize: 9000 }),
    }),
    durationUs: null,
    problems: ['cut-short', 'lost-bytes'],
    seq: 3,
  });
}

function picture(): Exchange {
  return at(9, browser, 86_401_000_000, {
    request: requestOf({ target: '/logo.png', headers: [['Host', 'localhost:8443']] }),
    response: responseOf({ headers: [['Content-Type', 'image/png']], body: bodyOf(Buffer.from([0x89, 0x50, 0, 255])) }),
    seq: 4,
  });
}

function form(): Exchange {
  return at(10, unbound, 86_402_000_000, {
    request: requestOf({
      method: 'POST',
      target: '/login',
      headers: [['Content-Type', 'application/x-www-form-urlencoded']],
      body: bodyOf('user=ada+l&note=a%0Ab&user=2'),
    }),
    response: null,
    outcome: 'closed',
    durationUs: 2_000_000,
    problems: ['no-response', 'uncertain-connection'],
  });
}
