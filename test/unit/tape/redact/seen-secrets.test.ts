import { gzipSync } from 'node:zlib';
import { returned } from '../../../../tape/memo';
import type { Body, HeaderList } from '../../../../tape/model/body';
import type { Exchange } from '../../../../tape/model/exchange';
import { createRedactor, type Redactor } from '../../../../tape/redact/redactor';
import { exchangeLimits, generationOf, recordingLimits, SeenSecrets } from '../../../../tape/redact/seen-secrets';
import { httpIn } from '../../../support/contents';
import { randomFrom } from '../../../support/secrets';
import { bodyOf, exchangeOf, requestOf, responseOf } from '../../../support/tapes';

const key = Buffer.alloc(32, 7);
const secret = 'Sess10n-TokenOf7Ada9';
const otherSecret = 'K3y-ofAnother8Client2';

describe('the search', () => {
  const seenOf = (...secrets: string[]) => {
    const seen = new SeenSecrets(exchangeLimits);
    for (const each of secrets) seen.add(each, 'secret-name');
    return seen;
  };
  const found = (text: string, ...secrets: string[]) =>
    seenOf(...secrets)
      .find(text)
      .map(({ start, end }) => text.slice(start, end));

  it('finds secrets as words of their own, the longest where one is part of another', () => {
    const [a, b] = ['abc1.def2345.ghi', 'def2345x'];
    expect(found(`${a} x${a} ${a}x "${b}"/${b}/_${b}-`, a, b)).toEqual([a, b, b, b]);
    expect(found('k=tok1234567.tail99 tok1234567', 'tok1234567', 'tok1234567.tail99')).toEqual([
      'tok1234567.tail99',
      'tok1234567',
    ]);
  });

  it.each([
    ['short', 'abc123'],
    ['without a digit', 'administrator'],
    ['without a letter', '12345678901'],
    ['of several words', 'my 1st password'],
    ['in pieces', 'a1-b2-c3-d4'],
    ['longer than any token', `a1${'x'.repeat(20_000)}`],
  ])('does not begin for what is %s', (_, text) => {
    expect(seenOf(text).size).toBe(0);
    expect(found(`x ${text} x`, text)).toEqual([]);
  });

  it('asks more of a cookie, and of what is searched for in a whole recording', () => {
    const [exchange, recording] = [new SeenSecrets(exchangeLimits), new SeenSecrets(recordingLimits)];
    expect([exchange.add('a1b2c3d4', 'secret-name'), exchange.add('a1b2c3d4', 'cookie')]).toEqual([true, true]);
    expect(new SeenSecrets(exchangeLimits).add('a1b2c3d4', 'cookie')).toBe(false);
    expect(recording.add('a1b2c3d4', 'secret-name')).toBe(false);
    expect(recording.add('abababab1111', 'secret-name')).toBe(false);
    expect(recording.add(secret, 'cookie')).toBe(true);
  });

  it('holds no more than it may, and forgets what was not met for longest', () => {
    const seen = new SeenSecrets({ ...exchangeLimits, secrets: 100 });
    const nth = (i: number) => `secret${i}number${i}`;
    for (let i = 0; i < 100; i++) seen.add(nth(i), 'secret-name');
    seen.add(nth(0), 'secret-name'); // met again
    for (let i = 100; i < 150; i++) seen.add(nth(i), 'secret-name');
    expect(seen.size).toBe(100);
    expect([0, 1, 50, 51, 149].map((i) => seen.find(nth(i)).length)).toEqual([1, 0, 0, 1, 1]);
  });

  it('takes a run of letters and digits alone where so much begins alike that comparing would take too long', () => {
    const many = Array.from({ length: 64 }, (_, i) => `${'a1b2c3d4.'.repeat(1700)}${i}x`);
    const text = 'a1b2c3d4.'.repeat(20_000);
    const spans = seenOf(...many).find(text);
    expect(spans.length).toBeGreaterThan(10_000);
    expect(text.slice(spans.at(-1)?.start, spans.at(-1)?.end)).toBe('a1b2c3d4');
  });

  it('comes after a cheap look that never says no where it would find something', () => {
    const random = randomFrom(3);
    const drawn = () => Array.from({ length: 12 + random(20) }, () => 'abcXYZ0189-._~+/='.charAt(random(17))).join('');
    const secrets = Array.from({ length: 200 }, drawn);
    const seen = seenOf(...secrets);
    const held = secrets.filter((each) => seen.has(each));
    expect(held.length).toBeGreaterThan(100);
    for (const [i, each] of held.entries()) {
      const pad = ' '.repeat(i % 30);
      const ways = [each, `${pad}${each}`, `"\\n${each}\\t"`, `"\\u002f${each}"`, `a=1&b=%2F${each}`];
      expect(ways.filter((text) => !seen.mayBeInBytes(Buffer.from(text)))).toEqual([]);
      expect(seen.mayBeInEncoded(encodeURIComponent(each))).toBe(true);
    }
  });
});

/** Buffers give themselves as lists of numbers otherwise. */
const textOf = (exchange: Exchange) => {
  const { request, response } = httpIn(exchange);
  const bodies = [request?.body.bytes, response?.body.bytes].map((bytes) =>
    Buffer.from(bytes ?? []).toString('latin1'),
  );
  return JSON.stringify(exchange) + bodies.join('\n');
};

/** What an exchange is made of; two places of one kind stand beside each other. */
interface Parts {
  readonly path?: string;
  readonly query?: string;
  readonly headers?: HeaderList;
  readonly body?: object;
  readonly trailers?: HeaderList;
  readonly reason?: string;
  readonly answered?: HeaderList;
  readonly answer?: object;
  readonly answeredLast?: HeaderList;
  readonly early?: HeaderList;
}

function exchangeWith(a: Parts, b: Parts): Exchange {
  const list = (of: (parts: Parts) => HeaderList | undefined) => [...(of(a) ?? []), ...(of(b) ?? [])];
  const json = (of: (parts: Parts) => object | undefined) => bodyOf(JSON.stringify({ ...of(a), ...of(b) }));
  return exchangeOf({
    request: requestOf({
      target: `${a.path ?? b.path ?? '/a'}?${a.query ?? ''}&${b.query ?? ''}`,
      headers: [['Content-Type', 'application/json'], ...list(({ headers }) => headers)],
      body: json(({ body }) => body),
      trailers: list(({ trailers }) => trailers),
    }),
    response: responseOf({
      reason: a.reason ?? b.reason ?? 'OK',
      headers: [['Content-Type', 'application/json'], ...list(({ answered }) => answered)],
      body: json(({ answer }) => answer),
      trailers: list(({ answeredLast }) => answeredLast),
      informational: [{ status: 103, headers: list(({ early }) => early) }],
    }),
  });
}

describe('a secret taken anywhere in an exchange', () => {
  const sources: Readonly<Record<string, Parts>> = {
    'a request header': { headers: [['X-Api-Key', secret]] },
    'the query': { query: `token=${secret}` },
    'a request body': { body: { password: secret } },
    'a request trailer': { trailers: [['X-Api-Key', secret]] },
    'a response header': { answered: [['Set-Cookie', `s=${secret}; Path=/`]] },
    'a response body': { answer: { access_token: secret } },
    'a response trailer': { answeredLast: [['X-Api-Key', secret]] },
    'an early answer': { early: [['X-Auth-Token', secret]] },
  };
  const echoes: Readonly<Record<string, Parts>> = {
    'the path': { path: `/sessions/${secret}/x` },
    'a field of the query': { query: `q=see+${secret}` },
    'the name of a field': { query: `${secret}=1` },
    'a request header': { headers: [['X-Note', `see ${secret}.`]] },
    'the name of a header': { headers: [[secret, '1']] },
    'a request body': { body: { a: [{ note: `see\n${secret}` }] } },
    'JSON in a string': { body: { a: JSON.stringify({ note: secret }) } },
    'a request trailer': { trailers: [['X-Note', secret]] },
    'the reason': { reason: `No ${secret} here` },
    'a response header': { answered: [['X-Echo', secret]] },
    'a response body': { answer: { youSaid: `${secret}!` } },
    'the name of a member': { answer: { [secret]: { a: 1 } } },
    'a response trailer': { answeredLast: [['X-Echo', secret]] },
    'an early answer': { early: [['X-Echo', secret]] },
  };
  const pairs = Object.keys(sources).flatMap((from) => Object.keys(echoes).map((to) => [from, to] as const));

  it.each(pairs)('is taken everywhere in it: from %s, in %s', (from, to) => {
    const exchange = exchangeWith(sources[from] ?? {}, echoes[to] ?? {});
    expect(textOf(exchange).split(secret)).toHaveLength(3);
    const { exchange: clean, entries } = createRedactor({ key }).redact(exchange);
    expect(textOf(clean)).not.toContain(secret);
    expect(new Set(entries.map(({ placeholder }) => placeholder)).size).toBe(1);
    expect(entries.length).toBe(2);
  });

  it('is taken where the password of Basic stands without its user and its base64', () => {
    const basic = Buffer.from(`ann:${secret}`).toString('base64');
    const given = { headers: [['Authorization', `Basic ${basic}`]] } as const;
    const { exchange } = createRedactor({ key }).redact(exchangeWith(given, { answer: { youSaid: secret } }));
    expect(textOf(exchange)).not.toContain(secret);
    expect(textOf(exchange)).not.toContain(basic);
  });

  it('is taken from forms, text and parts too', () => {
    for (const [type, body] of [
      ['application/x-www-form-urlencoded', `password=${secret}&hint=${secret}`],
      ['text/plain', `password=${secret}\nsee ${secret}`],
      [
        'multipart/form-data; boundary=B',
        `--B\r\nContent-Disposition: form-data; name="password"\r\n\r\n${secret}\r\n--B\r\nContent-Disposition: form-data; name="f"; filename="${secret}.txt"\r\n\r\nx ${secret}\r\n--B--`,
      ],
    ] as const) {
      const request = requestOf({ headers: [['Content-Type', type]], body: bodyOf(body) });
      expect(textOf(createRedactor({ key }).redact(exchangeOf({ request })).exchange)).not.toContain(secret);
    }
  });

  it('keeps what is no whole word of its own', () => {
    const response = responseOf({
      body: bodyOf(JSON.stringify({ token: 'order77a', id: 'order77ab', path: '/xorder77a' })),
    });
    const { exchange } = createRedactor({ key }).redact(exchangeOf({ response }));
    expect(JSON.parse(Buffer.from(httpIn(exchange).response?.body.bytes ?? []).toString())).toMatchObject({
      id: 'order77ab',
      path: '/xorder77a',
    });
  });
});

it('what is innocent of the secrets of a recording stays so until one is added; of those of one exchange nothing is said', () => {
  const [recording, exchange] = [new SeenSecrets(recordingLimits), new SeenSecrets(exchangeLimits)];
  const before = generationOf([recording]);
  expect([generationOf([]), before, generationOf([recording])]).toEqual([0, expect.any(Number), before]);
  recording.add(secret, 'secret-name');
  expect(generationOf([recording])).not.toBe(before);
  expect([generationOf([exchange]), generationOf([recording, exchange])]).toEqual([null, null]);
});

describe('in a recording', () => {
  const login = exchangeOf({ response: responseOf({ body: bodyOf(JSON.stringify({ access_token: secret })) }) });
  const later = exchangeOf({
    request: requestOf({ target: `/audit/${secret}`, headers: [['X-Note', 'nothing']] }),
    response: responseOf({ body: bodyOf(JSON.stringify({ by: secret, again: [`${secret}`] })) }),
  });

  it('a secret that was taken from one exchange is taken from later ones, under the same rule and placeholder', () => {
    const redactor = createRedactor({ key, remember: true });
    expect(textOf(redactor.redact(later).exchange)).toContain(secret);
    const [minted] = redactor.redact(login).entries;
    const { exchange, entries } = redactor.redact(later);
    expect(textOf(exchange)).not.toContain(secret);
    expect(entries).toEqual(
      [
        ['request', 'path'],
        ['response', 'body.by'],
        ['response', 'body.again[0]'],
      ].map(([side, path]) => ({ in: side, path, rule: 'secret-name', placeholder: minted?.placeholder })),
    );
  });

  it('a header that was looked at before is looked at again', () => {
    const redactor = createRedactor({ key, remember: true });
    const note = exchangeOf({ request: requestOf({ headers: [['X-Note', `see ${secret}`]] }) });
    expect(textOf(redactor.redact(note).exchange)).toContain(secret);
    expect(textOf(redactor.redact(note).exchange)).toContain(secret);
    redactor.redact(login);
    expect(textOf(redactor.redact(note).exchange)).not.toContain(secret);
  });

  it('a list of headers that comes again is redacted as before, and anew once there is a secret that may be in it', () => {
    const headers = returned<HeaderList>([
      ['Authorization', `Bearer ${otherSecret}`],
      ['X-Note', `see ${secret}`],
    ]);
    const noted = exchangeOf({ request: requestOf({ headers }) });
    const [redactor, unshared] = [createRedactor({ key, remember: true }), createRedactor({ key, remember: true })];
    const told = (by: Redactor, exchange: Exchange) => {
      const { exchange: redacted, entries } = by.redact(exchange);
      return { text: textOf(redacted), entries };
    };
    const copy = () => exchangeOf({ request: requestOf({ headers: [...headers] }) });
    for (let i = 0; i < 4; i++) {
      const { text, entries } = told(redactor, noted);
      expect({ text, entries }).toEqual(told(unshared, copy()));
      expect([text.includes(otherSecret), text.includes(secret), entries.length]).toEqual([false, true, 1]);
    }
    for (const each of [redactor, unshared]) each.redact(login);
    for (let i = 0; i < 4; i++) {
      const { text, entries } = told(redactor, noted);
      expect({ text, entries }).toEqual(told(unshared, copy()));
      expect([text.includes(secret), entries.length]).toEqual([false, 2]);
    }
  });

  it('a body that comes again is left as it was, and looked at anew once there is a secret that may be in it', () => {
    const { bytes } = bodyOf(JSON.stringify({ by: secret, note: 'the same for everybody' }));
    const answered = (body: Body) => exchangeOf({ response: responseOf({ body }) });
    const shared = answered({ bytes: returned(bytes), codings: [], wireSize: bytes.length });
    const redactor = createRedactor({ key, remember: true });
    for (let i = 0; i < 3; i++) expect(redactor.redact(shared).exchange).toBe(shared);
    redactor.redact(login);
    for (let i = 0; i < 3; i++) {
      const { exchange, entries } = redactor.redact(shared);
      expect([textOf(exchange).includes(secret), entries.length]).toEqual([false, 1]);
    }
  });

  it('a body that comes again compressed is left as it was, and unfolded again once there is a secret that may be in it', () => {
    const bytes = returned(gzipSync(JSON.stringify({ by: secret, note: 'the same for everybody' })));
    const answered = (body: Body) => exchangeOf({ response: responseOf({ body }) });
    const coded = answered({ bytes, codings: ['gzip'], wireSize: bytes.length });
    const plain = answered({ bytes, codings: [], wireSize: bytes.length });
    const redactor = createRedactor({ key, remember: true });
    for (const each of [coded, coded, plain, plain, coded]) expect(redactor.redact(each).exchange).toBe(each);
    redactor.redact(login);
    for (const each of [plain, coded, coded, plain, coded]) {
      const { exchange, entries } = redactor.redact(each);
      if (each === plain) expect(exchange).toBe(plain);
      else expect([textOf(exchange).includes(secret), entries.length]).toEqual([false, 1]);
    }
  });

  it('a body that comes again is another one under another type, or where it is known to end early', () => {
    const bytes = returned(Buffer.from(`{"note":"nothing","see":"Bearer abcd`));
    const answered = (type: string, wireSize: number) =>
      exchangeOf({
        response: responseOf({ headers: [['Content-Type', type]], body: { bytes, codings: [], wireSize } }),
      });
    const kinds = ['application/json', 'text/plain', 'application/octet-stream'].flatMap((type) =>
      [bytes.length, bytes.length + 50].map((wireSize) => answered(type, wireSize)),
    );
    const redactor = createRedactor({ key, remember: true });
    for (const kind of [...kinds, ...kinds, ...kinds.toReversed()]) {
      const { exchange, entries } = redactor.redact(kind);
      const fresh = createRedactor({ key, remember: true }).redact(kind);
      expect([textOf(exchange), entries]).toEqual([textOf(fresh.exchange), fresh.entries]);
    }
  });

  it('nothing is remembered where a verdict would depend on the order of answers', () => {
    const redactor = createRedactor({ key });
    redactor.redact(login);
    expect(textOf(redactor.redact(later).exchange)).toContain(secret);
  });
});

describe('what is no text', () => {
  const told = (headers: HeaderList, body: Body) =>
    createRedactor({ key }).redact(
      exchangeOf({ request: requestOf({ headers: [['X-Api-Key', secret]] }), response: responseOf({ headers, body }) }),
    );

  it('loses what was taken elsewhere, and nothing else', () => {
    const packed = (value: string) =>
      Buffer.concat([
        Buffer.from([0x81, 0xa4]),
        Buffer.from('note'),
        Buffer.from([0xa0 + value.length]),
        Buffer.from(value),
      ]);
    const { exchange, entries } = told([['Content-Type', 'application/msgpack']], bodyOf(packed(secret)));
    expect(Buffer.from(httpIn(exchange).response?.body.bytes ?? [])).toEqual(packed(entries[0]?.placeholder ?? ''));
    const innocent = bodyOf(packed('some other words'));
    expect(httpIn(told([['Content-Type', 'application/msgpack']], innocent).exchange).response?.body).toBe(innocent);
  });

  it('loses it behind the base64 of a field', () => {
    const written = Buffer.from(`by ${secret}.`).toString('base64');
    const { exchange, entries } = told([['x-note-bin', written]], bodyOf(''));
    const [, value = ''] = httpIn(exchange).response?.headers[0] ?? [];
    expect(Buffer.from(value, 'base64').toString()).toBe(`by ${entries[0]?.placeholder}.`);
  });
});
