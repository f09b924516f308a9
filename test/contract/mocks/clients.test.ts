/**
 * Unchanged clients under the environment `wiretape test` gives: curl, Python and Node find the mocks through the proxy
 * and trust them through the CA variables. Host names do not exist, so that an answer can come from a mock only.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { commandEnvironment } from '../../../replayer/launch/environment';
import { writeTrust } from '../../../replayer/launch/trust/bundle';
import { mocksFrom } from '../../../replayer/mocks/mock';
import { type MockServer, startMocks } from '../../../replayer/mocks/server';
import { calls } from '../../support/mocks';

// whole processes are started, on machines that may have two busy cores
jest.setTimeout(60_000);

const run = promisify(execFile);
const set = mocksFrom(
  calls(
    { host: 'rates.invalid:8080', target: '/rates?base=EUR', responseBody: 'plain rates' },
    {
      host: 'payments.invalid',
      target: '/charge',
      tls: true,
      method: 'POST',
      requestBody: { n: 1 },
      responseBody: 'paid',
    },
    { host: 'payments.invalid', target: '/health', tls: true, responseBody: 'healthy' },
  ),
);
let server: MockServer;
let env: NodeJS.ProcessEnv;
let removeBundle: () => void;

beforeAll(async () => {
  server = await startMocks(set, { mark: true });
  const trust = writeTrust(server.ca, {});
  removeBundle = trust.remove;
  env = commandEnvironment(
    { PATH: process.env.PATH, HOME: process.env.HOME, NO_PROXY: '*' },
    {
      mocks: {
        proxyUrl: server.url,
        urls: server.urls,
        upstreams: set.upstreams,
        caFile: server.caFile,
        trust,
      },
      ownAddress: '127.0.0.1:1',
      port: 1,
      settings: [
        'RATES_URL={mock:rates.invalid}',
        'PAYMENTS_URL={mock:payments.invalid:443}',
        'CA={ca}',
        'JSON={"a":{}}',
      ],
    },
  );
});

afterAll(async () => {
  removeBundle();
  await server.close();
});

async function output(program: string, ...args: readonly string[]): Promise<string> {
  return (await run(program, [...args], { env })).stdout.trim();
}

function installed(program: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const whereInstalled = (program: string, ...args: readonly string[]): jest.It =>
  installed(program, ...args) ? it : (it.skip as jest.It);

describe('curl', () => {
  const test = whereInstalled('curl', '--version');
  test('reaches plain and TLS upstreams through the proxy variables', async () => {
    expect(await output('curl', '-sS', 'http://rates.invalid:8080/rates?base=EUR')).toBe('plain rates');
    const paid = ['-H', 'content-type: application/json', '-d', '{"n": 1}', 'https://payments.invalid/charge'];
    expect(await output('curl', '-sS', ...paid)).toBe('paid');
  });

  test('reaches an upstream through its own port, by name and by Host header', async () => {
    const direct = ['-sS', '--noproxy', '*', '--cacert', server.caFile];
    expect(await output('curl', ...direct, `${server.urls.get('payments.invalid:443')}/health`)).toBe('healthy');
    const port = new URL(server.url).port;
    const named = ['--connect-to', `payments.invalid:443:127.0.0.1:${port}`, 'https://payments.invalid/health'];
    expect(await output('curl', ...direct, ...named)).toBe('healthy');
    const byHost = ['-H', 'Host: rates.invalid:8080', `${server.url}/rates?base=EUR`];
    expect(await output('curl', ...direct, ...byHost)).toBe('plain rates');
  });

  test('is told in a 502 what it asked and what was recorded', async () => {
    const seen = await output('curl', '-sS', '-w', '\n%{http_code}', 'https://payments.invalid/charges');
    expect(seen).toMatch(/"error": "MOCK_MISS"[\s\S]*"exchange": "3"[\s\S]*\n502$/);
  });

  test('is told the same for an upstream nobody recorded, within TLS too', async () => {
    const seen = await output('curl', '-sS', '-w', '\n%{http_code}', 'https://unknown.invalid/');
    expect(seen).toMatch(/nothing was recorded of this upstream[\s\S]*\n502$/);
  });
});

describe('Python', () => {
  const urllib = `import os, sys, urllib.request
print(urllib.request.urlopen("http://rates.invalid:8080/rates?base=EUR").read().decode())
print(urllib.request.urlopen("https://payments.invalid/health").read().decode())`;
  whereInstalled(
    'python3',
    '-c',
    'import ssl',
  )('urllib reaches plain and TLS upstreams', async () => {
    expect(await output('python3', '-c', urllib)).toBe('plain rates\nhealthy');
  });

  const requests = 'import requests; print(requests.get("https://payments.invalid/health").text)';
  whereInstalled(
    'python3',
    '-c',
    'import requests',
  )('requests reaches a TLS upstream', async () => {
    expect(await output('python3', '-c', requests)).toBe('healthy');
  });
});

describe('a folder of certificates', () => {
  const python = `import http.client, os, ssl, urllib.parse
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(capath=os.environ["SSL_CERT_DIR"])
mock = urllib.parse.urlsplit(os.environ["PAYMENTS_URL"])
connection = http.client.HTTPSConnection(mock.hostname, mock.port, context=context)
connection.request("GET", "/health")
print(connection.getresponse().read().decode())`;
  whereInstalled(
    'python3',
    '-c',
    'import ssl',
  )('is enough for who looks into that alone, as Python can', async () => {
    expect(await output('python3', '-c', python)).toBe('healthy');
  });

  whereInstalled('openssl', 'version')('is enough for openssl', async () => {
    const { host } = new URL(env.PAYMENTS_URL ?? '');
    const asked = [
      's_client',
      '-connect',
      host,
      '-CApath',
      env.SSL_CERT_DIR ?? '',
      '-no-CAfile',
      '-verify_return_error',
    ];
    expect(await output('sh', '-c', 'exec openssl "$@" < /dev/null', 'sh', ...asked)).toContain('Verification: OK');
  });

  const debian = '/etc/ssl/certs/4042bcee.0';
  (existsSync(debian) ? it : it.skip)('holds what the system has as well', () => {
    const found = readFileSync(join(env.SSL_CERT_DIR ?? '', '4042bcee.0'), 'utf8');
    expect(found).toBe(readFileSync(debian, 'utf8'));
  });
});

describe('Node', () => {
  // NODE_USE_ENV_PROXY came with the flag, in 22.21 and 24.5
  whereInstalled(
    process.execPath,
    '--use-env-proxy',
    '-e',
    '0',
  )('http, https and fetch reach plain and TLS upstreams', async () => {
    const script = `
      const get = (module, url) => new Promise((done, fail) => require(module).get(url, (answer) => {
        answer.setEncoding('utf8').on('data', done);
      }).on('error', fail));
      (async () => {
        console.log(await get('http', 'http://rates.invalid:8080/rates?base=EUR'));
        console.log(await get('https', 'https://payments.invalid/health'));
        console.log(await (await fetch('https://payments.invalid/health')).text());
      })();`;
    expect(await output(process.execPath, '-e', script)).toBe('plain rates\nhealthy\nhealthy');
  });

  whereInstalled('curl', '--version')(
    'reaches upstreams through base URLs also where a client sends those through the proxy',
    async () => {
      const urls = [`${env.RATES_URL}/rates?base=EUR`, `${env.PAYMENTS_URL}/health`];
      expect(await output('curl', '-sS', '-w', '\n', ...urls)).toBe('plain rates\nhealthy');
    },
  );

  it('reaches upstreams through the base URLs of the templates', async () => {
    const script = `
      const from = (url) => new Promise((done, fail) => require(url.split(':')[0]).get(url, { agent: false }, (answer) => {
        answer.setEncoding('utf8').on('data', done);
      }).on('error', fail));
      (async () => {
        console.log(await from(process.env.RATES_URL + '/rates?base=EUR'));
        console.log(await from(process.env.PAYMENTS_URL + '/health'));
        console.log(process.env.CA === process.env.NODE_EXTRA_CA_CERTS, process.env.JSON);
      })();`;
    expect(await output(process.execPath, '-e', script)).toBe('plain rates\nhealthy\ntrue {"a":{}}');
  });
});

describe('the certificates', () => {
  const test = whereInstalled('openssl', 'version');
  test('hold under strict X.509 checks, for names and addresses', async () => {
    const port = new URL(server.urls.get('payments.invalid:443') ?? '').port;
    const verify = ['-verify_return_error', '-x509_strict', '-CAfile', server.caFile, '-brief'];
    for (const name of [
      ['-verify_hostname', 'payments.invalid', '-servername', 'payments.invalid'],
      ['-verify_ip', '127.0.0.1', '-noservername'],
      ['-verify_ip', '::1', '-noservername'],
    ]) {
      const args = ['s_client', '-connect', `127.0.0.1:${port}`, ...verify, ...name];
      const running = run('openssl', args, { env });
      running.child.stdin?.end();
      expect((await running).stderr).toMatch(/Verification: OK/);
    }
  });
});
