/** Secrets in remote calls: in messages with a schema and without, compressed, torn, in metadata and in trailers. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { messageValue } from '../../../../tape/body/protobuf/read';
import { viewBody } from '../../../../tape/body/view';
import type { HeaderList } from '../../../../tape/model/body';
import type { Message } from '../../../../tape/model/message';
import { httpOf } from '../../../../tape/model/registry';
import { placeInWhole } from '../../../../tape/redact/messages';
import { createRedactor } from '../../../../tape/redact/redactor';
import { parseRedactionRules } from '../../../../tape/redact/rules-file';
import { expectLinear, KiB, repeat } from '../../../support/linear';
import { encode, shapeOf } from '../../../support/proto';
import { envelope } from '../../../support/rpc';
import { bodyOf, type ExchangeParts, exchangeOf, messageOf, requestOf, responseOf } from '../../../support/tapes';

const key = Buffer.alloc(32, 7);
const secret = 'hunter2-is-9-long';
const token = 'ghp_16C7e42F292c6912E7710c838347Ae178B4a';
const grpc: HeaderList = [
  ['content-type', 'application/grpc'],
  ['grpc-encoding', 'gzip'],
];
const login = shapeOf('shop.v1.LoginRequest');
const loginBytes = encode('shop.v1.LoginRequest', { user: 'ada', password: secret, otp: 5 });

const said = (bytes: Uint8Array, over: Partial<Message> = {}): Message =>
  messageOf('', { kind: 'message', ...over, body: { ...bodyOf(bytes), ...over.body } });

function redacted(messages: readonly Message[], over: ExchangeParts = {}, rules = '') {
  const redactor = createRedactor({ key, rules: parseRedactionRules(rules, 'rules.yaml') });
  const request = requestOf({
    version: '2',
    method: 'POST',
    target: '/shop.v1.Shop/Login',
    headers: grpc,
    body: bodyOf(''),
  });
  const response = responseOf({ version: '2', headers: grpc, body: bodyOf('') });
  const { exchange, entries } = redactor.redact(
    exchangeOf({ protocol: 'http2', request, response, messages, ...over }),
  );
  return { exchange, entries, places: entries.map(({ in: side, path, rule }) => `${side} ${path} ${rule}`) };
}

/** Everything that is kept of it, unfolded where it is compressed. */
function kept({ exchange }: ReturnType<typeof redacted>): string {
  const bodies = exchange.messages.map(({ body }) => {
    const bytes = Buffer.from(body.bytes);
    return `${bytes.toString('latin1')}${bytes[0] === 0x1f ? gunzipSync(bytes).toString('latin1') : ''}`;
  });
  return JSON.stringify(exchange.content) + bodies.join('\n');
}

describe('a message of a call', () => {
  it('loses what its schema names a secret, and is a message of the same fields afterwards', () => {
    const body = { ...bodyOf(loginBytes), schema: login };
    const found = redacted([said(loginBytes, { body })]);
    expect(kept(found)).not.toContain(secret);
    expect(found.places).toEqual(['request message[0].body.password secret-name']);
    const after = found.exchange.messages[0]?.body;
    expect(messageValue(after?.bytes ?? new Uint8Array(0), login)).toEqual({
      user: 'ada',
      password: found.entries[0]?.placeholder,
      otp: 5,
    });
    expect(after?.wireSize).toBe(loginBytes.length);
  });

  it('loses what is a secret by its looks where nothing names its fields', () => {
    const bytes = encode('shop.v1.Order', { note: `use ${token} for now`, items: [{ sku: token }] });
    const found = redacted([said(Buffer.alloc(0)), said(bytes, { from: 'server' })]);
    expect(kept(found)).not.toContain(token);
    expect(found.places.map((place) => place.replace(/ \S+$/, '')).toSorted()).toEqual([
      'response message[1].body["11"]["1"]',
      'response message[1].body["2"]["1"]',
    ]);
    expect(messageValue(found.exchange.messages[1]?.body.bytes ?? bytes, null)).toEqual({
      2: { 1: found.entries[0]?.placeholder },
      11: { 1: `use ${found.entries[0]?.placeholder} for now` },
    });
  });

  it('that is compressed is unfolded for it, and is kept plain where something was taken', () => {
    const bytes = gzipSync(loginBytes);
    const compressed = {
      facts: { compressed: true },
      body: { ...bodyOf(bytes, { codings: ['gzip'] }), schema: login },
    };
    const innocent = gzipSync(encode('shop.v1.LoginRequest', { user: 'ada' }));
    const found = redacted([
      said(bytes, compressed),
      said(innocent, { ...compressed, body: { ...bodyOf(innocent, { codings: ['gzip'] }), schema: login } }),
    ]);
    expect(kept(found)).not.toContain(secret);
    expect(found.exchange.messages.map(({ body }) => body.codings)).toEqual([[], ['gzip']]);
    // Put together again it says for each message whether it is compressed.
    const { request } = httpOf(found.exchange) ?? {};
    expect(viewBody(request?.headers ?? [], { ...(request?.body ?? bodyOf('')), schema: login })).toMatchObject({
      kind: 'messages',
      value: [{ user: 'ada', password: found.entries[0]?.placeholder, otp: 5 }, { user: 'ada' }],
    });
  });

  it('that was cut loses the field that is not whole, plain or compressed', () => {
    const cut = loginBytes.subarray(0, loginBytes.length - 6);
    expect(Buffer.from(cut).toString('latin1')).toContain('hunter2');
    const facts = { length: loginBytes.length, problem: 'cut-short' };
    const found = redacted([
      said(cut, { kind: 'partial', facts }),
      said(gzipSync(cut), { kind: 'partial', facts, body: bodyOf(gzipSync(cut), { codings: ['gzip'] }) }),
      said(gzipSync(loginBytes).subarray(0, 30), {
        kind: 'partial',
        facts,
        body: bodyOf(gzipSync(loginBytes).subarray(0, 30), { codings: ['gzip'] }),
      }),
    ]);
    expect(kept(found)).not.toMatch(/hunter/);
    expect(found.exchange.messages.map(({ body }) => Buffer.from(body.bytes).toString('latin1'))).toEqual([
      '\n\x03ada',
      '\n\x03ada',
      '\n\x03ada',
    ]);
  });

  it('stays the same where it holds none', () => {
    const bytes = encode('shop.v1.Item', { sku: 'TEA', count: 3 });
    const exchange = exchangeOf({
      protocol: 'http2',
      request: requestOf({ version: '2', headers: grpc }),
      messages: [said(bytes), said(Buffer.from([0xff, 0x00, 0x07]))],
    });
    expect(createRedactor({ key }).redact(exchange).exchange).toBe(exchange);
  });

  it('is reached by rules that name a place', () => {
    const rules = '- { in: request, path: message[*].body.sku, name: sku }';
    const bytes = encode('shop.v1.Item', { sku: 'TEA', count: 3 });
    const body = { ...bodyOf(bytes), schema: shapeOf('shop.v1.Item') };
    const found = redacted([said(bytes, { body }), said(bytes, { body })], {}, rules);
    expect(found.places).toEqual(['request message[0].body.sku sku', 'request message[1].body.sku sku']);
  });

  it.each<[string, HeaderList, Buffer]>([
    ['JSON in gRPC', [['content-type', 'application/grpc+json']], Buffer.from(`{"password":"${secret}"}`)],
    [
      'JSON in a stream of Connect',
      [['content-type', 'application/connect+json']],
      Buffer.from(`{"password":"${secret}"}`),
    ],
  ])('is redacted as what it is: %s', (_, headers, bytes) => {
    const request = requestOf({ version: '2', headers });
    expect(kept(redacted([said(bytes)], { request }))).not.toContain(secret);
  });
});

describe('a body of envelopes that is there as a whole', () => {
  const whole = Buffer.concat([envelope(gzipSync(loginBytes), 1), envelope(loginBytes)]);

  it.each<[string, string, Buffer]>([
    ['gRPC', 'application/grpc', whole],
    ['gRPC-web', 'application/grpc-web+proto', Buffer.concat([whole, envelope('grpc-status: 0\r\n', 0x80)])],
    [
      'gRPC-web in base64',
      'application/grpc-web-text',
      Buffer.from(`${whole.toString('base64')}${envelope('grpc-status: 0\r\n', 0x80).toString('base64')}`),
    ],
  ])('gives the same findings as its messages do: %s', (_, type, bytes) => {
    const request = requestOf({
      headers: [
        ['content-type', type],
        ['grpc-encoding', 'gzip'],
      ],
      body: { ...bodyOf(bytes), schema: login },
    });
    const { request: after, entries } = createRedactor({ key }).redactRequest(request);
    expect(entries.map(({ path }) => path)).toEqual(['body[0].password', 'body[1].password']);
    const view = viewBody(after.headers, after.body);
    const password = entries[0]?.placeholder;
    expect(view.kind === 'messages' && view.value).toEqual(
      expect.arrayContaining([
        { user: 'ada', password, otp: 5 },
        { user: 'ada', password, otp: 5 },
      ]),
    );
  });

  it('is where findings in messages are looked for', () => {
    const messages = [said(loginBytes), said(loginBytes, { from: 'server' }), said(loginBytes)];
    const exchange = exchangeOf({
      protocol: 'http2',
      request: requestOf({ headers: grpc }),
      response: responseOf({ headers: grpc }),
      messages,
    });
    const places = ['message[0].body.password', 'message[1].body', 'message[2].body["2"]', 'header["x"]'];
    expect(places.map((place) => placeInWhole(place, exchange))).toEqual([
      'body[0].password',
      'body[0]',
      'body[1]["2"]',
      'header["x"]',
    ]);
  });
});

describe('metadata', () => {
  const details = encode('shop.v1.Item', { sku: token });

  it.each<[string, string]>([
    ['authorization', `Bearer ${secret}`],
    ['x-trace-bin', Buffer.from(details).toString('base64')],
    ['x-trace-bin', Buffer.from(details).toString('base64').replace(/=+$/, '')],
    ['grpc-status-details-bin', Buffer.from(`token ${token}`).toString('base64')],
    ['grpc-message', `no%20such%20token:%20${token.replaceAll('_', '%5F')}%3b 100%25`],
    ['x-password-bin', Buffer.from(secret).toString('base64')],
  ])('loses its secrets, in headers and in trailers: %s', (name, value) => {
    const request = requestOf({ headers: [...grpc, [name, value]] });
    const response = responseOf({ headers: grpc, trailers: [[name, value]] });
    const { exchange } = redacted([], { request, response });
    const fields = [
      httpOf(exchange)?.request?.headers.at(-1)?.[1] ?? '',
      httpOf(exchange)?.response?.trailers.at(-1)?.[1] ?? '',
    ];
    for (const field of fields) {
      expect(field).not.toBe(value);
      const decoded =
        Buffer.from(field, 'base64').toString('latin1') + decodeURIComponent(field.replace(/%(?![0-9a-f]{2})/gi, ''));
      expect(decoded).not.toContain(token);
      expect(decoded).not.toContain(secret);
    }
  });

  it('in base64 stays decodable, with all that is no secret', () => {
    const { exchange, entries } = redacted([], {
      response: responseOf({ headers: grpc, trailers: [['x-d-bin', Buffer.from(details).toString('base64')]] }),
    });
    const field = httpOf(exchange)?.response?.trailers[0]?.[1] ?? '';
    expect(messageValue(Buffer.from(field, 'base64'), null)).toEqual({ 1: entries[0]?.placeholder });
  });
});

describe('redaction of protobuf', () => {
  const field = (content: string): string => {
    const length = [];
    let rest = content.length;
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) length.push((rest % 128) | 0x80);
    return `\x1a${String.fromCharCode(...length, rest)}${content}`;
  };
  const nested = (size: number): string => {
    let message = repeat('\x08\x01', size);
    for (let i = 0; i < 60; i++) message = field(message);
    return message;
  };

  it.each<[string, (size: number) => string]>([
    ['many small fields', (size) => repeat('\x12\x03abc', size - (size % 5))],
    ['many secrets', (size) => repeat(field(`password=${secret}`), size - (size % (secret.length + 11)))],
    ['deep in each other', nested],
    ['groups in each other', (size) => '\x0b'.repeat(size)],
  ])('takes linear time: %s', (_, body) => {
    expectLinear((size) => ({ type: 'application/x-protobuf', body: body(size) }), 64 * KiB, 512 * KiB);
  });
});
