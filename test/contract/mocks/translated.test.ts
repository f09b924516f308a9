/** Answers of mocks that lead to mocks, tokens that verify, secrets that are given, and requests that bring them back. */
import { createPublicKey, generateKeyPairSync, type JsonWebKey, sign, verify } from 'node:crypto';
import { mocksFrom } from '../../../replayer/mocks/mock';
import { type MockServer, type MockServerOptions, startMocks } from '../../../replayer/mocks/server';
import { jwtParts } from '../../../replayer/noise/shapes';
import { encodeBody } from '../../../tape/body/coding';
import { createRedactor } from '../../../tape/redact/redactor';
import type { StoredExchange } from '../../../tape/store/tape';
import { ask, askHost, type CallSketch, calls } from '../../support/mocks';

let server: MockServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function serving(tape: readonly StoredExchange[], options: MockServerOptions = {}): Promise<MockServer> {
  server = await startMocks(mocksFrom(tape), { mark: true, ...options });
  return server;
}

describe('addresses', () => {
  const up = 'http://payments:8080';
  const tape = (): readonly StoredExchange[] =>
    calls(
      { target: '/old', status: 301, responseHeaders: [['Location', `${up}/new`]] },
      { target: '/new', responseBody: 'moved' },
      {
        target: '/list',
        responseHeaders: [['Link', `<${up}/list?page=2>; rel="next"`]],
        responseBody: { next: `${up}/list?page=2`, items: [1] },
      },
      { target: '/list?page=2', responseBody: { next: null, items: [2] } },
      { target: '/', responseBody: { QueueUrl: `${up}/1/jobs` }, method: 'POST', requestBody: { QueueName: 'jobs' } },
      { target: '/', responseBody: { MessageId: 'm' }, method: 'POST', requestBody: { QueueUrl: `${up}/1/jobs` } },
      {
        target: '/page',
        responseHeaders: [
          ['Content-Type', 'text/html'],
          ['Content-Encoding', 'gzip'],
        ],
        responseBody: encodeBody(Buffer.from(`<a href="${up}/new">`), ['gzip']),
      },
    );

  it('lead from the port of an upstream to mocks, and are known again in requests', async () => {
    const mocks = await serving(tape());
    const own = mocks.urls.get('payments:8080') ?? '';
    const moved = await ask(`${own}/old`);
    expect(moved.headers.location).toBe(`${own}/new`);
    expect((await ask(moved.headers.location ?? '')).text).toBe('moved');
    const list = await ask(`${own}/list`);
    expect(list.headers.link).toBe(`<${own}/list?page=2>; rel="next"`);
    expect(list.headers['content-length']).toBe(String(list.text.length));
    expect(JSON.parse((await ask(JSON.parse(list.text).next)).text)).toEqual({ next: null, items: [2] });
    const json = { 'Content-Type': 'application/json' };
    const queue = await ask(`${own}/`, { method: 'POST', headers: json, body: '{"QueueName":"jobs"}' });
    expect(JSON.parse(queue.text)).toEqual({ QueueUrl: `${own}/1/jobs` });
    const sent = await ask(`${own}/`, { method: 'POST', headers: json, body: queue.text });
    expect([sent.text, sent.headers['wiretape-mock']]).toEqual(['{"MessageId":"m"}', 'exact; exchange=6']);
    const page = await ask(`${own}/page`, { headers: { 'Accept-Encoding': 'gzip' } });
    expect([page.text, page.headers['content-encoding']]).toEqual([`<a href="${own}/new">`, undefined]);
    expect(mocks.misses()).toEqual([]);
  });

  it('stay as recorded for a client that comes by name, as through a proxy', async () => {
    const mocks = await serving(tape());
    expect((await askHost(mocks.url, 'payments:8080', '/old')).headers.location).toBe(`${up}/new`);
  });

  it('are the recorded ones in what is judged', async () => {
    const mocks = await serving(tape());
    const own = mocks.urls.get('payments:8080') ?? '';
    expect(mocks.cases.asRecorded(`see ${own}/new`)).toBe(`see ${up}/new`);
  });
});

describe('secrets', () => {
  const key = Buffer.alloc(32, 7);
  const redactor = createRedactor({ key });

  function recorded(...sketches: readonly CallSketch[]): readonly StoredExchange[] {
    return calls(...sketches).map((stored) => {
      const { exchange, entries } = redactor.redact(stored.exchange);
      return { ...stored, exchange, redacted: entries };
    });
  }

  function live(tape: readonly StoredExchange[], secrets = new Map<string, string>()): MockServerOptions {
    const placeholders = new Set(tape.flatMap(({ redacted }) => redacted.map(({ placeholder }) => placeholder)));
    return { redactor: createRedactor({ key, placeholders }), keyed: true, secrets };
  }

  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const issuer = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const recordedAtS = Date.UTC(2026, 10, 20, 10) / 1000;
  const claims = { sub: 'ann', role: 'user', iat: recordedAtS, exp: recordedAtS + 3600 };

  function token(alg: string, key: typeof issuer.privateKey, kid: string): string {
    const head = `${part({ alg, kid, typ: 'JWT' })}.${part(claims)}`;
    const options = alg.startsWith('ES') ? { key, dsaEncoding: 'ieee-p1363' as const } : key;
    return `${head}.${sign('sha256', Buffer.from(head), options).toString('base64url')}`;
  }

  const keys = [
    { ...issuer.publicKey.export({ format: 'jwk' }), kid: 'a', use: 'sig', alg: 'RS256' },
    { ...elliptic.publicKey.export({ format: 'jwk' }), kid: 'b', use: 'sig', alg: 'ES256' },
  ];

  function isSigned(text: string, set: { keys: (JsonWebKey & { kid: string; alg: string })[] }): boolean {
    const [head = '', body = '', signature = ''] = text.split('.');
    const { kid, alg } = (jwtParts(text)?.header ?? {}) as { kid?: string; alg?: string };
    const found = set.keys.find((each) => each.kid === kid);
    if (found === undefined) return false;
    const key = createPublicKey({ key: found, format: 'jwk' });
    const how = alg?.startsWith('ES') === true ? { key, dsaEncoding: 'ieee-p1363' as const } : key;
    return verify('sha256', Buffer.from(`${head}.${body}`), how, Buffer.from(signature, 'base64url'));
  }

  it.each([
    ['RS256', issuer.privateKey, 'a'],
    ['ES256', elliptic.privateKey, 'b'],
  ])('%s tokens verify with the keys that mocks publish, are of now, and are known again', async (alg, own, kid) => {
    const given = token(alg, own, kid);
    const tape = recorded(
      { method: 'POST', target: '/login', responseBody: { access_token: given } },
      { target: '/jwks.json', responseBody: { keys } },
      { target: '/me', requestHeaders: [['Authorization', `Bearer ${given}`]], responseBody: 'ann' },
      { target: '/me', requestHeaders: [['Authorization', 'Bearer of-somebody-else-92jf83hf']], responseBody: 'bob' },
    );
    const mocks = await serving(tape, live(tape));
    const own1 = mocks.urls.get('payments:8080') ?? '';
    const { access_token: now } = JSON.parse((await ask(`${own1}/login`, { method: 'POST' })).text);
    const set = JSON.parse((await ask(`${own1}/jwks.json`)).text);
    expect(isSigned(now, set)).toBe(true);
    expect(isSigned(`${now.slice(0, -8)}AAAAAAAA`, set)).toBe(false);
    const said = jwtParts(now)?.claims as typeof claims;
    expect([said.sub, said.role, said.exp - said.iat]).toEqual(['ann', 'user', 3600]);
    expect(Math.abs(said.iat - Date.now() / 1000)).toBeLessThan(60);
    const me = await ask(`${own1}/me`, { headers: { Authorization: `Bearer ${now}` } });
    expect([me.text, me.headers['wiretape-mock']]).toEqual(['ann', 'exact; exchange=3']);
    expect(mocks.calls()[0]?.placeholders).toEqual([]);
  });

  it('signed with a shared secret are only told of', async () => {
    const given = `${part({ alg: 'HS256' })}.${part(claims)}.${'c2lnbmF0dXJl'.repeat(4)}`;
    const tape = recorded({ target: '/login', responseBody: { token: given } });
    const mocks = await serving(tape, live(tape));
    await ask(`${mocks.urls.get('payments:8080')}/login`);
    expect(mocks.calls()[0]?.placeholders).toMatchObject([{ path: 'body.token' }]);
  });

  it('that are given stand in answers, and what brings them back is known', async () => {
    const secret = 'b7Kq2mZx9Lw4Rt8Vn3Pd6Hs1';
    const tape = recorded(
      { method: 'POST', target: '/login', responseBody: { api_token: secret } },
      { target: '/me', requestHeaders: [['X-Api-Token', secret]], responseHeaders: [['Vary', 'X-Api-Token']] },
    );
    const placeholder = tape[0]?.redacted[0]?.placeholder ?? '';
    const mocks = await serving(tape, live(tape, new Map([[placeholder, 'another-secret-of-this-run']])));
    const own = mocks.urls.get('payments:8080') ?? '';
    expect((await ask(`${own}/login`, { method: 'POST' })).text).toBe('{"api_token":"another-secret-of-this-run"}');
    const headers = { 'X-Api-Token': 'another-secret-of-this-run' };
    expect((await ask(`${own}/me`, { headers })).headers['wiretape-mock']).toBe('exact; exchange=2');
    expect((await ask(`${own}/me`, { headers: { 'X-Api-Token': 'a-third-one-9284jf' } })).status).toBe(502);
  });

  it('that a case carries stand for the recorded ones', async () => {
    const secret = 'b7Kq2mZx9Lw4Rt8Vn3Pd6Hs1';
    const tape = recorded({
      target: '/me',
      requestHeaders: [['Authorization', `Bearer ${secret}`]],
      responseHeaders: [['Vary', 'Authorization']],
    });
    const placeholder = tape[0]?.redacted[0]?.placeholder ?? '';
    const mocks = await serving(tape, live(tape));
    const own = mocks.urls.get('payments:8080') ?? '';
    const asked = () => ask(`${own}/me`, { headers: { Authorization: 'Bearer live-4872hfu29dh28' } });
    expect((await asked()).status).toBe(502);
    const carried = [{ recorded: placeholder, live: 'live-4872hfu29dh28' }];
    mocks.cases.begin({ id: '9', recorded: { fromUs: 0, toUs: 1 }, startedAtUs: 0, carried });
    expect((await asked()).status).toBe(200);
  });
});

describe('a connection that was closed without an answer', () => {
  it('stays silent for a little longer than it was, so that a client that gave up gives up again', async () => {
    const tape = calls({ target: '/hang', response: 'none', outcome: 'closed', durationUs: 300_000 });
    const mocks = await serving(tape);
    const own = mocks.urls.get('payments:8080') ?? '';
    const startedAt = performance.now();
    await expect(fetch(`${own}/hang`, { signal: AbortSignal.timeout(300) })).rejects.toThrow(/timeout/);
    await expect(ask(`${own}/hang`)).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(performance.now() - startedAt).toBeGreaterThan(600);
  });
});

describe('a call about a thing that the build has just made', () => {
  const [recorded, live] = ['01M8JBS583K0KTTDGCXHSPM2NP', '01M8JBTBF3T630PKPC12F58QG4'];
  const tape = calls({ method: 'POST', target: '/send', requestBody: { note: recorded }, responseBody: 'queued' });
  const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: `{"note":"${live}"}` };
  const begun = { id: '9', recorded: { fromUs: 0, toUs: 1 }, startedAtUs: 0, carried: [] };

  it('is answered once the answer that named it is judged, though it came before', async () => {
    const mocks = await serving(tape, { patienceMs: 600_000 });
    mocks.cases.begin(begun);
    const asked = ask(`${mocks.urls.get('payments:8080')}/send`, init);
    mocks.cases.end('9', [{ recorded, live }]); // before or after it came: it is answered either way
    expect((await asked).text).toBe('queued');
    expect(mocks.misses()).toEqual([]);
  });

  it('is a miss where no answer names it, and outside of a run at once', async () => {
    const mocks = await serving(tape, { patienceMs: 0 });
    const send = `${mocks.urls.get('payments:8080')}/send`;
    expect((await ask(send, init)).status).toBe(502);
    mocks.cases.begin(begun);
    expect((await ask(send, init)).status).toBe(502);
    mocks.cases.end('9', [{ recorded: 'another-thing-8392', live }]);
    expect((await ask(send, init)).status).toBe(502);
    expect(mocks.misses()).toHaveLength(3);
  });
});
