/**
 * No secret on the tape: made-up secrets of every kind in every place, under every coding, whole and cut anywhere,
 * go through the redactor onto a real tape; then its bytes, those of its journal and all it unpacks to are searched.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { decodeBody, encodeBody } from '../../tape/body/coding';
import type { HeaderList } from '../../tape/model/body';
import type { Exchange } from '../../tape/model/exchange';
import { createRedactor } from '../../tape/redact/redactor';
import { openTapeReader, openTapeWriter } from '../../tape/store/sqlite';
import { unpackBody } from '../../tape/store/sqlite/bodies';
import { httpIn } from '../support/contents';
import { filled, patternTemplates, type Random, randomFrom } from '../support/secrets';
import { epochUs, exchangeOf, requestOf, responseOf, sessionStart } from '../support/tapes';

/** Longer than anything equal by chance, shorter than any secret. */
const window = 12;

interface Message {
  readonly target?: string;
  readonly headers?: HeaderList;
  readonly type?: string;
  readonly body?: string;
}

type Place = (secret: string) => Message;
const json = 'application/json';
const form = 'application/x-www-form-urlencoded';
const part = (name: string, value: string) =>
  `--XX\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n--XX--\r\n`;
const padding = 'lorem ipsum dolor sit amet '.repeat(160);

/** Where a secret is known by its looks alone. */
const anywhere: readonly Place[] = [
  (s) => ({ target: `/a/${encodeURIComponent(s)}/b` }),
  (s) => ({ target: `/a?q=${encodeURIComponent(s)}&page=2` }),
  (s) => ({ headers: [['X-Note', `see ${s.replaceAll('\n', ' ')}`]] }),
  (s) => ({ headers: [['Referer', `https://a.test/?q=${encodeURIComponent(s)}`]] }),
  (s) => ({ type: json, body: JSON.stringify({ a: 1, note: { deep: [`use ${s} now`] } }) }),
  (s) => ({ type: json, body: JSON.stringify({ message: JSON.stringify({ note: s }) }) }),
  (s) => ({ type: json, body: JSON.stringify({ [s]: true }) }),
  (s) => ({ type: json, body: JSON.stringify({ pad: padding, note: s }) }),
  (s) => ({ type: form, body: `a=1&note=${encodeURIComponent(s)}` }),
  (s) => ({ type: 'multipart/form-data; boundary=XX', body: part('note', s) }),
  (s) => ({ type: 'text/plain', body: `one\n${s}\ntwo` }),
  (s) => ({ type: 'text/html', body: `<p>${padding}</p><code>${s}</code>` }),
  (s) => ({ type: 'application/javascript', body: `const k = "${s.replaceAll('\n', '\\n')}";` }),
  (s) => ({ body: `${s} without a type` }),
];

/** Where the name says it. */
const underNames: readonly Place[] = [
  (s) => ({ headers: [['Authorization', `Bearer ${s}`]] }),
  (s) => ({ headers: [['authorization', s]] }),
  (s) => ({ headers: [['Proxy-Authorization', `Basic ${s}`]] }),
  (s) => ({ headers: [['Cookie', `a=${s}; b=x`]] }),
  (s) => ({ headers: [['Set-Cookie', `a=${s}; Path=/`]] }),
  (s) => ({ headers: [['X-Api-Key', s]] }),
  (s) => ({ headers: [['Location', `/cb?access_token=${s}`]] }),
  (s) => ({ target: `/a?token=${s}` }),
  (s) => ({ target: `/a?user%5Bpassword%5D=${s}` }),
  (s) => ({ type: json, body: JSON.stringify({ user: 'u', password: s }) }),
  (s) => ({ type: json, body: JSON.stringify([{ a: { clientSecret: s } }, padding]) }),
  (s) => ({ type: json, body: JSON.stringify({ env: [{ name: 'DB_PASSWORD', value: s }] }) }),
  (s) => ({ type: json, body: `{"tok\\u0065n":"${s}"}` }),
  (s) => ({ type: 'application/x-ndjson', body: `{"a":1}\n{"token":"${s}"}\n` }),
  (s) => ({ type: 'text/event-stream', body: `data: {"token":"${s}"}\n\n` }),
  (s) => ({ type: form, body: `user=u&password=${s}` }),
  (s) => ({ type: 'multipart/form-data; boundary=XX', body: part('password', s) }),
  (s) => ({ type: 'application/xml', body: `<a><password>${s}</password></a>` }),
  (s) => ({ type: 'text/html', body: `<input name="csrf_token" value="${s}">` }),
  (s) => ({ type: 'application/yaml', body: `a: 1\npassword: ${s}\n` }),
  (s) => ({ type: 'text/plain', body: `postgres://app:${s}@db/x` }),
  (s) => ({ body: `{"password":"${s}"}` }),
];

interface Planted {
  readonly secret: string;
  readonly exchange: Exchange;
}

function planted(random: Random): Planted[] {
  const byLooks = Object.values(patternTemplates)
    .flat()
    .flatMap((template) => anywhere.map((place) => ({ secret: filled(template, random), place })));
  const byName = Array.from({ length: 6 }, () => underNames)
    .flat()
    .map((place) => ({ secret: filled('{a24}', random), place }));
  return [...byLooks, ...byName].flatMap(({ secret, place }, i) => {
    const message = place(secret);
    const shortened = /-us\d\d$|_mmk$|JQQJ99|AZDO/.test(secret) ? whole : cut; // known by its end alone: cut, it is any hash
    return [whole(message, random), shortened(message, random), mirrored(message, random)].map((exchange, k) => ({
      secret,
      exchange: { ...exchange, number: i * 3 + k + 1, startedAtUs: epochUs + i },
    }));
  });
}

function codingFor(random: Random): string[] {
  return [[], ['gzip'], ['deflate'], ['br'], ['zstd'], ['gzip', 'br']][random(6)] ?? [];
}

function bodyFor(message: Message, random: Random, keep: (length: number) => number) {
  const codings = codingFor(random);
  const bytes = encodeBody(Buffer.from(message.body ?? ''), codings);
  return {
    bytes: bytes.subarray(0, keep(bytes.length)),
    codings: message.body === undefined ? [] : codings,
    wireSize: bytes.length,
  };
}

function headersFor(message: Message): HeaderList {
  return [...(message.headers ?? []), ...(message.type === undefined ? [] : [['Content-Type', message.type] as const])];
}

function whole(message: Message, random: Random): Exchange {
  const body = bodyFor(message, random, (length) => length);
  return exchangeOf({ request: requestOf({ target: message.target ?? '/', headers: headersFor(message), body }) });
}

function cut(message: Message, random: Random): Exchange {
  const body = bodyFor(message, random, (length) => random(length + 1));
  return exchangeOf({ request: requestOf({ target: message.target ?? '/', headers: headersFor(message), body }) });
}

/** The same in the answer, and the headers as trailers. */
function mirrored(message: Message, random: Random): Exchange {
  if (message.target !== undefined) return whole(message, random);
  const body = bodyFor(message, random, (length) => length);
  return exchangeOf({ response: responseOf({ headers: headersFor(message), trailers: message.headers ?? [], body }) });
}

const folder = mkdtempSync(join(tmpdir(), 'wiretape-secrets-'));
const path = join(folder, 'a.tape');
afterAll(() => rmSync(folder, { recursive: true }));

const random = randomFrom(20261121);
const exchanges = planted(random);
const cards = ['4111111111111111', '5555555555554444', '378282246310005'];
/** All windows of all secrets, without their prefixes, which are public. */
const forbidden = new Set(
  exchanges.flatMap(({ secret }) =>
    (secret.match(/[0-9A-Za-z]{16,}/g) ?? []).flatMap((run) =>
      Array.from({ length: run.length - window + 1 - 4 }, (_, i) => run.slice(4 + i, 4 + i + window)),
    ),
  ),
);
// Key formats are no secret: some prefixes are longer than a window.
for (const template of Object.values(patternTemplates).flat()) {
  const plain = template.replace(/\{\w\d+\}/g, '\0');
  for (let i = 0; i + window <= plain.length; i++) forbidden.delete(plain.slice(i, i + window));
}

function leaks(bytes: Uint8Array): string[] {
  const text = Buffer.from(bytes).toString('latin1');
  const found = new Set<string>();
  for (let i = 0; i + window <= text.length; i++) {
    const piece = text.slice(i, i + window);
    if (forbidden.has(piece)) found.add(piece);
  }
  for (const card of cards) if (text.includes(card)) found.add(card);
  return [...found];
}

it('looks for something that is really there before redaction', () => {
  expect(exchanges.length).toBeGreaterThan(3000);
  const [first] = exchanges;
  expect(leaks(Buffer.from(first?.secret ?? '')).length).toBeGreaterThan(0);
});

describe('a tape written through the redactor', () => {
  const redactor = createRedactor({ key: Buffer.alloc(32, 9) });

  beforeAll(() => {
    const writer = openTapeWriter(path);
    const session = writer.beginSession({ ...sessionStart, rules: redactor.ruleNames });
    for (let i = 0; i < exchanges.length; i += 200) {
      writer.append(
        session,
        exchanges.slice(i, i + 200).map(({ exchange }) => redactor.redact(exchange)),
      );
    }
    const last = exchanges.length + 1;
    const withCards = cards.map((card, i) =>
      redactor.redact(
        exchangeOf({
          number: last + i,
          request: requestOf({
            target: `/cards/${card}?card=${card}`,
            headers: [
              ['X-Card', card],
              ['Content-Type', json],
            ],
            body: { bytes: Buffer.from(`{"card":${card},"b":"card no ${card}"}`), codings: [], wireSize: 50 },
          }),
        }),
      ),
    );
    writer.append(session, withCards);
    // Not closed on purpose: the journal is looked at first.
  });

  it('holds no secret in its file and its journal', () => {
    for (const suffix of ['', '-wal', '-shm']) {
      if (existsSync(path + suffix)) expect(leaks(readFileSync(path + suffix))).toEqual([]);
    }
    expect(existsSync(`${path}-wal`)).toBe(true);
  });

  it('holds none in what it unpacks to', async () => {
    const reader = openTapeReader(path);
    let seen = 0;
    const found: string[] = [];
    for await (const { exchange } of reader.exchanges()) {
      seen++;
      for (const message of [httpIn(exchange).request, httpIn(exchange).response]) {
        if (message === null) continue;
        found.push(...leaks(decodeBody(message.body).bytes));
        if (message.body.codings.length > 0) found.push(...leaks(message.body.bytes));
      }
    }
    reader.close();
    expect(seen).toBe(exchanges.length + cards.length);
    expect(found).toEqual([]);
    const database = new Database(path, { readonly: true });
    for (const row of database
      .prepare<[], { packing: 'zstd' | 'plain'; bytes: Buffer; size: number }>(
        'SELECT packing, bytes, size FROM bodies',
      )
      .iterate()) {
      expect(leaks(unpackBody(row, row.size))).toEqual([]);
    }
    database.close();
  });

  it('says of every whole secret where it was taken, and by which rule', async () => {
    const reader = openTapeReader(path);
    const fired = new Set<string>();
    for await (const { id, redacted } of reader.exchanges()) {
      const isCut = (Number(id) - 1) % 3 === 1;
      if (!isCut && Number(id) <= exchanges.length && redacted.length === 0) {
        throw new Error(`nothing fired in exchange ${id}: ${JSON.stringify(exchanges[Number(id) - 1]?.secret)}`);
      }
      for (const { rule } of redacted) fired.add(rule);
    }
    reader.close();
    expect([...fired].sort()).toEqual([...redactor.ruleNames].sort());
  });
});
