/**
 * Traffic of a shop as its service sees it: reads and writes of JSON, lists, GraphQL, telemetry, errors, a page and pictures,
 * from clients of several kinds. Made of one seed, so that each run weighs the same; ids, names, prices and times differ
 * from exchange to exchange as they do in earnest, and what is compressed on the way is compressed here.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { RawExchange } from './event-log';

const words =
  'amber basin cedar delta ember field grain hazel inlet jade knoll larch maple north ocean prairie quartz river stone timber ultra valley willow xenon yonder zephyr copper dahlia engine forest garden harbor island jungle kettle ladder meadow needle orchid pepper'.split(
    ' ',
  );

const clients = [
  [
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
    'Accept: */*',
    'Accept-Language: en-GB,en;q=0.9',
    'Sec-Fetch-Mode: cors',
    'Sec-Fetch-Site: same-origin',
    'Referer: https://shop.example/',
  ],
  ['User-Agent: ShopApp/7.3.1 (iPhone; iOS 19.1)', 'Accept: application/json', 'X-App-Build: 7310'],
  ['User-Agent: okhttp/5.1.0', 'Accept: application/json', 'X-App-Build: 7288'],
  ['User-Agent: orders-service/2.14 undici', 'Accept: application/json'],
] as const;

/** The exchange of that number: always the same one. */
export function mixedExchange(number: number): RawExchange {
  const draw = drawFrom(number);
  const kind = kinds[draw.below(kinds.length)] ?? order;
  const client = draw.below(clients.length);
  const { line, body, answer } = kind(draw);
  const fields = [
    `Host: ${client === 3 ? 'shop.internal:8080' : 'api.shop.example'}`,
    ...(clients[client] ?? []),
    'Accept-Encoding: gzip, deflate, br',
    `Authorization: Bearer ${digest(`token ${draw.below(200)}`, 'base64url')}`,
    ...(client === 0 ? [`Cookie: sid=${digest(`session ${draw.below(200)}`, 'hex').slice(0, 32)}; theme=dark`] : []),
    `traceparent: 00-${draw.hex(32)}-${draw.hex(16)}-01`,
    'Connection: keep-alive',
    ...(body === undefined ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  const at = new Date(Date.UTC(2026, 10, 20, 10) + number * 37);
  const answerFields = [
    'Server: nginx',
    `Date: ${at.toUTCString()}`,
    ...(answer.status === '304 Not Modified'
      ? []
      : [`Content-Type: ${answer.type}`, `Content-Length: ${answer.body.length}`]),
    ...answer.fields,
    `X-Request-Id: ${draw.uuid()}`,
    'Strict-Transport-Security: max-age=31536000; includeSubDomains',
    'X-Content-Type-Options: nosniff',
    'Connection: keep-alive',
  ];
  return {
    request: Buffer.from([`${line} HTTP/1.1`, ...fields, '', body ?? ''].join('\r\n')),
    response: Buffer.concat([
      Buffer.from([`HTTP/1.1 ${answer.status}`, ...answerFields, '', ''].join('\r\n')),
      answer.body,
    ]),
  };
}

interface Said {
  readonly line: string;
  readonly body?: string;
  readonly answer: Answer;
}

interface Answer {
  readonly status: string;
  readonly type: string;
  readonly fields: readonly string[];
  readonly body: Buffer;
}

interface Draw {
  below(most: number): number;
  word(): string;
  words(times: number): string;
  hex(digits: number): string;
  uuid(): string;
}

function json(value: unknown, status = '200 OK', fields: readonly string[] = []): Answer {
  return { status, type: 'application/json; charset=utf-8', fields, body: Buffer.from(JSON.stringify(value)) };
}

function zipped(answer: Answer): Answer {
  return {
    ...answer,
    fields: [...answer.fields, 'Content-Encoding: gzip', 'Vary: Accept-Encoding'],
    body: gzipSync(answer.body),
  };
}

function product(draw: Draw, id = draw.below(5000)) {
  return {
    id,
    sku: `${draw.word().slice(0, 3).toUpperCase()}-${1000 + id}`,
    name: draw.words(3),
    description: draw.words(8 + draw.below(25)),
    price: { amount: 100 + draw.below(90_000), currency: 'EUR' },
    stock: draw.below(400),
    tags: [draw.word(), draw.word()],
    updatedAt: timeOf(draw),
  };
}

function orderOf(draw: Draw) {
  const items = Array.from({ length: 1 + draw.below(6) }, () => ({
    sku: `${draw.word().slice(0, 3).toUpperCase()}-${1000 + draw.below(5000)}`,
    quantity: 1 + draw.below(4),
    unitPrice: 100 + draw.below(90_000),
  }));
  return {
    id: draw.uuid(),
    customerId: draw.uuid(),
    state: ['open', 'paid', 'sent', 'cancelled'][draw.below(4)],
    createdAt: timeOf(draw),
    items,
    shipping: {
      street: `${draw.word()} ${1 + draw.below(200)}`,
      city: draw.word(),
      zip: `${10_000 + draw.below(89_999)}`,
    },
    note: draw.below(3) === 0 ? draw.words(12) : null,
  };
}

function timeOf(draw: Draw): string {
  return new Date(
    Date.UTC(2026, draw.below(10), 1 + draw.below(28), draw.below(24), 0, 0, draw.below(60_000_000)),
  ).toISOString();
}

const order = (draw: Draw): Said => ({ line: `GET /orders/${draw.uuid()}`, answer: json(orderOf(draw)) });

const newOrder = (draw: Draw): Said => {
  const { items, shipping, note } = orderOf(draw);
  const made = { id: draw.uuid(), state: 'open', createdAt: timeOf(draw), total: draw.below(200_000) };
  return {
    line: 'POST /orders',
    body: JSON.stringify({ items, shipping, note }),
    answer: json(made, '201 Created', [`Location: /orders/${made.id}`]),
  };
};

const oneProduct = (draw: Draw): Said => {
  const found = product(draw);
  const tag = [`ETag: W/"${draw.hex(16)}"`, 'Cache-Control: private, max-age=60'];
  const isKnown = draw.below(4) === 0;
  return {
    line: `GET /products/${found.id}`,
    answer: isKnown
      ? { status: '304 Not Modified', type: '', fields: tag, body: Buffer.alloc(0) }
      : json(found, '200 OK', tag),
  };
};

const list = (draw: Draw): Said => {
  const items = Array.from({ length: 20 }, () => product(draw));
  const answer = json({ items, page: draw.below(50), pages: 50, total: 1000 }, '200 OK', ['Cache-Control: no-cache']);
  return {
    line: `GET /products?page=${draw.below(50)}&sort=price`,
    answer: draw.below(2) === 0 ? zipped(answer) : answer,
  };
};

const graphql = (draw: Draw): Said => ({
  line: 'POST /graphql',
  body: JSON.stringify({
    operationName: 'CartById',
    query:
      'query CartById($id: ID!) { cart(id: $id) { id total { amount currency } lines { sku name quantity price { amount currency } } } }',
    variables: { id: draw.uuid() },
  }),
  answer: json({
    data: {
      cart: {
        id: draw.uuid(),
        total: { amount: draw.below(100_000), currency: 'EUR' },
        lines: Array.from({ length: 1 + draw.below(8) }, () => {
          const { sku, name, price } = product(draw);
          return { sku, name, quantity: 1 + draw.below(3), price };
        }),
      },
    },
  }),
});

const telemetry = (draw: Draw): Said => ({
  line: 'POST /events',
  body: JSON.stringify({
    events: Array.from({ length: 3 + draw.below(15) }, () => ({
      type: ['view', 'click', 'scroll', 'search'][draw.below(4)],
      at: timeOf(draw),
      page: `/p/${draw.below(5000)}`,
      session: draw.hex(24),
      tookMs: draw.below(9000),
    })),
  }),
  answer: { status: '202 Accepted', type: 'text/plain', fields: [], body: Buffer.from('ok') },
});

const profile = (draw: Draw): Said => {
  const told = { name: draw.words(2), city: draw.word(), newsletter: draw.below(2) === 0, language: 'en' };
  return {
    line: `PUT /customers/${draw.uuid()}/profile`,
    body: JSON.stringify(told),
    answer: json({ ...told, updatedAt: timeOf(draw) }),
  };
};

const refusals = [
  ['404 Not Found', 'not_found', 'There is no such order'],
  ['422 Unprocessable Content', 'invalid', 'quantity must be at least 1'],
  ['500 Internal Server Error', 'internal', 'Something went wrong'],
] as const;

const refusal = (draw: Draw): Said => {
  const [status, code, message] = refusals[draw.below(3)] ?? refusals[0];
  return {
    line: `GET /orders/${draw.uuid()}`,
    answer: json({ error: { code, message, requestId: draw.uuid() } }, status),
  };
};

const health = (): Said => ({ line: 'GET /health', answer: json({ status: 'up' }) });

const pageBody = Buffer.from(`<!doctype html><title>Shop</title>${drawFrom(-1).words(2500)}`);

const page = (): Said => ({
  line: 'GET /',
  answer: zipped({
    status: '200 OK',
    type: 'text/html; charset=utf-8',
    fields: ['Cache-Control: no-cache'],
    body: pageBody,
  }),
});

/** Bytes that no packing makes smaller, of a few pictures that are asked for again and again. */
const picture = (draw: Draw): Said => {
  const id = draw.below(60);
  const body = Buffer.concat(Array.from({ length: 80 }, (_, i) => createHash('sha256').update(`${id} ${i}`).digest()));
  return {
    line: `GET /pictures/${id}.webp`,
    answer: { status: '200 OK', type: 'image/webp', fields: ['Cache-Control: public, max-age=86400'], body },
  };
};

/** As often as they stand here. */
const kinds: readonly ((draw: Draw) => Said)[] = [
  ...[order, order, order, order, oneProduct, oneProduct, oneProduct, newOrder, newOrder, newOrder],
  ...[list, list, graphql, graphql, telemetry, profile, refusal, health, page, picture],
];

function drawFrom(number: number): Draw {
  let state = (number * 2_654_435_761 + 97) >>> 0;
  /** Mulberry32. */
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (most: number) => next() % most;
  const hex = (digits: number) =>
    Array.from({ length: Math.ceil(digits / 8) }, () => next().toString(16).padStart(8, '0'))
      .join('')
      .slice(0, digits);
  return {
    below,
    hex,
    word: () => words[below(words.length)] ?? '',
    words: (times) => Array.from({ length: times }, () => words[below(words.length)]).join(' '),
    uuid: () => [hex(8), hex(4), `4${hex(3)}`, `a${hex(3)}`, hex(12)].join('-'),
  };
}

function digest(text: string, as: 'hex' | 'base64url'): string {
  return createHash('sha256').update(text).digest(as);
}
