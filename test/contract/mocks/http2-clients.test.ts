/** Clients of HTTP/2 that people use, unchanged: curl, undici and Go's standard library, by ALPN and with the preface at once. */
import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Agent, fetch } from 'undici';
import { mocksFrom } from '../../../replayer/mocks/mock';
import { type MockServer, startMocks } from '../../../replayer/mocks/server';
import { calls } from '../../support/mocks';
import { temporaryFolder } from '../../support/programs';

// whole processes are started, on machines that may have two busy cores
jest.setTimeout(120_000);

const run = promisify(execFile);
const folder = temporaryFolder();
let server: MockServer;
let plain: string;
let secure: string;

beforeAll(async () => {
  const many = Array.from({ length: 100 }, (_, i) => ({ target: `/items/${i}`, responseBody: `item ${i}` }));
  const set = mocksFrom(
    calls(
      {
        host: 'plain.invalid:8080',
        target: '/one',
        version: '2',
        responseBody: 'plain',
        responseTrailers: [['x-sum', '9']],
      },
      { host: 'secure.invalid', tls: true, target: '/one', responseBody: 'secure', responseTrailers: [['X-Sum', '7']] },
      {
        host: 'plain.invalid:8080',
        target: '/reset',
        version: '2',
        outcome: 'reset',
        response: 'none',
        problems: ['no-response'],
      },
      {
        host: 'plain.invalid:8080',
        target: '/busy',
        version: '2',
        outcome: 'refused',
        response: 'none',
        problems: ['no-response'],
      },
      { host: 'plain.invalid:8080', target: '/busy', version: '2', responseBody: 'taken up again' },
      ...many.map((sketch) => ({ host: 'plain.invalid:8080', ...sketch })),
    ),
  );
  server = await startMocks(set);
  plain = server.urls.get('plain.invalid:8080') ?? '';
  secure = server.urls.get('secure.invalid:443') ?? '';
});

afterAll(async () => {
  await server.close();
  folder.remove();
});

function installed(program: string, pattern: RegExp, ...args: readonly string[]): boolean {
  try {
    return pattern.test(execFileSync(program, args, { encoding: 'utf8' }));
  } catch {
    return false;
  }
}

const where = (has: boolean): jest.It => (has ? it : (it.skip as jest.It));

describe('curl', () => {
  const test = where(installed('curl', /\bHTTP2\b/, '--version'));
  const curl = async (...args: readonly string[]): Promise<string> => {
    const given = ['-sS', '--cacert', server.caFile, '-w', ' %{http_version}', ...args];
    return (await run('curl', given, { env: { PATH: process.env.PATH } })).stdout;
  };

  test('speaks HTTP/2 by ALPN, on the port of an upstream and through the proxy', async () => {
    expect(await curl('--http2', `${secure}/one`)).toBe('secure 2');
    expect(await curl('--http2', '-x', server.url, 'https://secure.invalid/one')).toBe('secure 2');
    expect(await curl('--http1.1', `${secure}/one`)).toBe('secure 1.1');
  });

  test('speaks HTTP/2 with the preface at once', async () => {
    expect(await curl('--http2-prior-knowledge', `${plain}/one`)).toBe('plain 2');
  });

  test('that offers the upgrade to HTTP/2 without TLS is answered over HTTP/1.1', async () => {
    expect(await curl('--http2', `${plain}/one`)).toBe('plain 1.1');
  });

  test('is told of a stream that was reset', async () => {
    await expect(curl('--http2-prior-knowledge', `${plain}/reset`)).rejects.toThrow(/INTERNAL_ERROR/);
  });
});

it('undici speaks HTTP/2 by ALPN', async () => {
  const dispatcher = new Agent({ allowH2: true, connect: { ca: server.ca } });
  const seen = await Promise.all(
    Array.from({ length: 20 }, async () => (await fetch(`${secure}/one`, { dispatcher })).text()),
  );
  expect(new Set(seen)).toEqual(new Set(['secure']));
  await dispatcher.close();
});

// http.Protocols came with Go 1.24
const hasGo = installed('go', /go1\.(2[4-9]|[3-9]\d)/, 'version');

describe("Go's net/http", () => {
  const test = where(hasGo);
  const program = folder.file('client');

  beforeAll(async () => {
    if (!hasGo) return;
    const source = join(__dirname, '../../support/programs/http2-client.go');
    await run('go', ['build', '-o', program, source], {
      env: { ...process.env, GOFLAGS: '-mod=mod', GO111MODULE: 'off' },
    });
  });

  async function go(urls: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string[]> {
    const trusting = { SSL_CERT_FILE: server.caFile, ...env };
    return (await run(program, [...urls], { env: trusting })).stdout.trim().split('\n');
  }

  test('speaks HTTP/2 by ALPN, and is told trailers', async () => {
    expect(await go([`${secure}/one`])).toEqual(['HTTP/2.0 200 secure 7']);
  });

  test('speaks HTTP/2 through the proxy', async () => {
    expect(await go(['https://secure.invalid/one'], { HTTPS_PROXY: server.url })).toEqual(['HTTP/2.0 200 secure 7']);
  });

  test('speaks unencrypted HTTP/2', async () => {
    expect(await go([`${plain}/one`])).toEqual(['HTTP/2.0 200 plain 9']);
  });

  test('is answered over HTTP/1.1 by the same mocks', async () => {
    const seen = await go([`${plain}/one`, `${secure}/one`], { VERSION: '1.1' });
    expect(seen).toEqual(['HTTP/1.1 200 plain 9', 'HTTP/1.1 200 secure 7']);
  });

  test('gets 100 answers at once on one connection, each its own', async () => {
    const seen = await go(Array.from({ length: 100 }, (_, i) => `${plain}/items/${i}`));
    expect(seen.map((line) => line.trim())).toEqual(Array.from({ length: 100 }, (_, i) => `HTTP/2.0 200 item ${i}`));
  });

  test('sends a request again whose stream was refused, as it did when it was recorded', async () => {
    expect((await go([`${plain}/busy`])).map((line) => line.trim())).toEqual(['HTTP/2.0 200 taken up again']);
  });
});
