/** Whole runs against real servers: order, overlap, skipped and errored cases, a target that is not there. */
import type * as http from 'node:http';
import { casesFrom } from '../../replayer/cases/cases';
import { parseTarget } from '../../replayer/drive/target';
import { openRun, runSuite, type SuiteOptions } from '../../replayer/run';
import type { RedactionEntry } from '../../tape/redact/redacted';
import { type ExchangeSketch, storedExchanges } from '../support/exchanges';
import { type Listening, listen } from '../support/recorded-http';
import { suiteDefaults } from '../support/suite-defaults';

const defaults = suiteDefaults;

const open: Listening[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

async function serve(handler: http.RequestListener): Promise<string> {
  const service = await listen(handler);
  open.push(service);
  return service.url;
}

async function run(sketches: readonly ExchangeSketch[], url: string, options: Partial<SuiteOptions> = {}) {
  return runSuite(casesFrom(storedExchanges(...sketches)), { ...defaults, target: parseTarget(url), ...options });
}

const ok: ExchangeSketch = { responseHeaders: [['Content-Type', 'text/plain']], responseBody: 'ok' };
const answerOk: http.RequestListener = (_request, response) => {
  response.setHeader('Content-Type', 'text/plain').removeHeader('Date');
  response.sendDate = false;
  response.end('ok');
};

it('sends the cases in recorded order and reports them in that order', async () => {
  const asked: string[] = [];
  const url = await serve((request, response) => {
    asked.push(request.url ?? '');
    answerOk(request, response);
  });
  const targets = ['/a', '/b', '/c', '/d'];
  const { report } = await run(
    targets.map((target, i) => ({ ...ok, target, connection: `c${i % 2}` })),
    url,
    { concurrency: 8 },
  );
  expect(asked).toEqual(targets);
  expect(report).toMatchObject({ cases: 4, passed: 4, failed: 0, errored: 0, skipped: 0 });
});

it('overlaps requests that overlapped in the recording: one waits for the other', async () => {
  let waiting: http.ServerResponse | undefined;
  const url = await serve((request, response) => {
    if (request.url === '/poll') waiting = response;
    else {
      answerOk(request, response);
      if (waiting !== undefined) answerOk(request, waiting);
    }
  });
  const poll = { ...ok, target: '/poll', connection: 'a', startedAtUs: 1000, durationUs: 9000 };
  const event = { ...ok, target: '/event', connection: 'b', startedAtUs: 3000, durationUs: 1000 };
  const { report } = await run([poll, event], url, { concurrency: 2 });
  expect(report.results.map((result) => result.verdict)).toEqual(['pass', 'pass']);
});

it('keeps the pace of the recording when asked to, in the same order', async () => {
  const url = await serve(answerOk);
  const sketches = [0, 3000, 6000].map((atUs, i) => ({ ...ok, startedAtUs: 1e6 + atUs, connection: `c${i}` }));
  const { report } = await run(sketches, url, { speed: 'recorded' });
  expect(report.passed).toBe(3);
});

it('says the same twice', async () => {
  const url = await serve(answerOk);
  const sketches = [
    { ...ok, target: '/1' },
    { ...ok, target: '/2', responseBody: 'other' },
  ];
  const [first, second] = [await run(sketches, url), await run(sketches, url)];
  expect(second.report).toEqual(first.report);
});

it('skips what the tape does not hold in full, and says why', async () => {
  const url = await serve(answerOk);
  const { report, notes } = await run([{ ...ok, problems: ['lost-bytes'] }, ok], url);
  expect(report).toMatchObject({ passed: 1, skipped: 1 });
  expect(report.results[0]).toMatchObject({ verdict: 'skipped', reason: 'incomplete' });
  expect(notes.get('1')?.hints).toEqual(['lost-bytes']);
});

describe('a credential that is not on the tape', () => {
  const entry: RedactionEntry = { in: 'request', path: 'header["authorization"]', rule: 'auth', placeholder: 'GONE' };
  const asked: ExchangeSketch = { ...ok, requestHeaders: [['Authorization', 'Bearer GONE']], redacted: [entry] };

  it('is sent as its placeholder, and lets the case be skipped where the service refuses that', async () => {
    const seen: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(401).end();
    });
    const { report, notes } = await run([asked], url);
    expect(seen).toEqual(['Bearer GONE']);
    expect(report.results).toMatchObject([{ verdict: 'skipped', reason: 'needs-secret', differences: [] }]);
    expect(notes.get('1')?.hints[0]).toContain('--secret authorization=env:NAME');
  });

  it.each(['Postman-Token', 'X-Request-Token', 'X-CSRF-Token', 'Idempotency-Key', 'X-Api-Key'])(
    'is no reason to skip where nobody asks for it: %s is judged',
    async (name) => {
      const place = `header["${name.toLowerCase()}"]`;
      const made: ExchangeSketch = {
        ...ok,
        requestHeaders: [[name, 'GONE']],
        redacted: [{ ...entry, path: place, rule: 'credential-header' }],
      };
      const url = await serve(answerOk);
      const { report } = await run([made, { ...made, responseBody: 'other' }], url);
      expect(report.results.map(({ verdict, reason }) => [verdict, reason])).toEqual([
        ['pass', null],
        ['fail', null],
      ]);
    },
  );

  it('is no excuse for a service that refused the recorded client, too', async () => {
    const url = await serve((_request, response) => response.writeHead(401).end('x'));
    const { report } = await run([{ ...asked, status: 401 }], url);
    expect(report.results[0]?.verdict).toBe('fail');
  });

  it('is sent when it is given', async () => {
    const seen: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      seen.push(request.headers.authorization);
      answerOk(request, response);
    });
    await run([asked], url, { secrets: new Map([['authorization', 's3cret']]) });
    await run([asked], url, { setHeaders: [['authorization', 'Basic eA==']] });
    expect(seen).toEqual(['Bearer s3cret', 'Basic eA==']);
  });

  it('is an error where the answer that should give it does not', async () => {
    const login: ExchangeSketch = {
      method: 'POST',
      target: '/login',
      responseBody: { token: 'GONE' },
      redacted: [{ in: 'response', path: 'body.token', rule: 'token', placeholder: 'GONE' }],
    };
    const url = await serve((_request, response) => response.writeHead(500).end());
    const { report, notes } = await run([login, asked], url);
    expect(report.results.map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ['fail', null],
      ['error', 'not-minted'],
    ]);
    expect(notes.get('2')?.hints).toEqual([
      'header["authorization"] comes from the answer of case 1 (POST /login -> 200), which did not give it in this run',
    ]);
  });
});

it('says of a failure that a placeholder was sent', async () => {
  const login: ExchangeSketch = {
    ...ok,
    method: 'POST',
    requestBody: { password: 'GONE' },
    redacted: [{ in: 'request', path: 'body.password', rule: 'password', placeholder: 'GONE' }],
  };
  const url = await serve((_request, response) => response.writeHead(401).end());
  const { report } = await run([login], url);
  expect(report.results[0]).toMatchObject({ verdict: 'fail', reason: 'placeholder-sent: body.password' });
});

it('gives up on a target that is not there, without trying every case', async () => {
  const url = await serve(answerOk);
  await open.pop()?.close();
  const { report, unreachable } = await run(
    Array.from({ length: 20 }, () => ok),
    url,
  );
  expect(report).toMatchObject({ cases: 20, errored: 20 });
  expect(new Set(report.results.map((result) => result.reason))).toEqual(new Set(['refused']));
  expect(unreachable?.reason).toBe('refused');
});

it('goes on when a target that was there drops a connection', async () => {
  const url = await serve((request, response) => {
    if (request.url === '/crash') request.socket.destroy();
    else answerOk(request, response);
  });
  const { report, unreachable } = await run([{ ...ok, target: '/crash' }, ok], url);
  expect(report.results.map(({ verdict, reason }) => [verdict, reason])).toEqual([
    ['error', 'closed'],
    ['pass', null],
  ]);
  expect(unreachable).toBeNull();
});

it('ends when it is told to, and reports what was judged until then', async () => {
  const controller = new AbortController();
  const url = await serve((request, response) => {
    if (request.url === '/2') controller.abort();
    else answerOk(request, response);
  });
  const sketches = ['/1', '/2', '/3'].map((target) => ({ ...ok, target }));
  const { report, interrupted } = await run(sketches, url, { signal: controller.signal });
  expect(interrupted).toBe(true);
  expect(report.results.map(({ verdict }) => verdict)).toEqual(['pass', 'error']);
});

it('plays case by case for generated suites', async () => {
  const url = await serve(answerOk);
  const cases = casesFrom(storedExchanges(ok, { ...ok, responseBody: 'other' }));
  const played = openRun(cases, { ...defaults, target: parseTarget(url) });
  const verdicts: unknown[] = [];
  for (const each of cases) verdicts.push((await played.play(each))?.verdict);
  expect(verdicts).toEqual(['pass', 'fail']);
  expect(played.notes('2')?.curl).toBe(`curl ${url}/`);
  expect(played.report()).toMatchObject({ cases: 2, passed: 1, failed: 1 });
  await played.close();
});

it('tells whoever answers for dependencies what each answer called its things', async () => {
  const [recorded, live] = ['01M8JBS583K0KTTDGCXHSPM2NP', '01M8JBTBF3T630PKPC12F58QG4'];
  const made = (id: string): ExchangeSketch => ({ method: 'POST', target: '/notes', responseBody: { id } });
  const url = await serve((_request, response) => {
    response.sendDate = false;
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ id: live }));
  });
  const told: unknown[] = [];
  const watch = {
    begin: ({ id }: { readonly id: string }) => void told.push(['begin', id]),
    end: (id: string, named: unknown) => void told.push(['end', id, named]),
    asRecorded: (text: string) => text,
  };
  const { report } = await run([made(recorded), made(recorded)], url, { watch });
  expect(report.passed).toBe(2);
  const both = [{ recorded, live }];
  expect(told).toEqual([
    ['begin', '1'],
    ['end', '1', both],
    ['begin', '2'],
    ['end', '2', []],
  ]);
});
