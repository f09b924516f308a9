/**
 * .NET 10, which loads the machine's OpenSSL by dlopen and gives it ciphertext in memory: a program of Kestrel and HttpClient as
 * others built it, recorded byte for byte.
 */

import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../replayer/launch/free-port';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { expectNothingMissing } from '../support/echo-traffic';
import { type Certificate, lineFrom, makeCertificate, run, start, stopAll, temporaryFolder } from '../support/programs';
import { bodyHash, recordCommand, recordDuring, sha256 } from '../support/recorder';
import { noteRead } from '../support/tls-read';
import { brought, whyMissing } from './pairs';

const program = join(brought, 'npm/node_modules/@azure/mcp-linux-x64/dist/azmcp');
const folder = temporaryFolder();
let certificate: Certificate;
let environment: NodeJS.ProcessEnv;

beforeAll(() => {
  certificate = makeCertificate(folder.path);
  mkdirSync(folder.file('home'));
  environment = {
    HOME: folder.file('home'),
    // The machine need not have the library that it takes the world's alphabets from.
    DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1',
    AZURE_MCP_COLLECT_TELEMETRY: 'false',
  };
});
afterEach(stopAll);
afterAll(() => folder.remove());

const missing = whyMissing('programs of npm');
const name = (text: string) => `${text}${missing === null ? '' : ` [${missing}]`}`;

async function startKestrel() {
  const port = await freePort();
  const options = ['--transport', 'http', '--dangerously-disable-http-incoming-auth', '--namespace', 'bestpractices'];
  const env = {
    ...process.env,
    ...environment,
    ASPNETCORE_URLS: `https://127.0.0.1:${port}`,
    ASPNETCORE_Kestrel__Certificates__Default__Path: certificate.cert,
    ASPNETCORE_Kestrel__Certificates__Default__KeyPath: certificate.key,
  };
  const server = start(program, ['server', 'start', ...options], { env });
  await lineFrom(server, server.child.stdout, /Application started/);
  return { ...server, port };
}

/** What opens a conversation with it; the name is as long as is wanted. */
const hello = (length: number) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-03-26',
    capabilities: {},
    clientInfo: { name: 'long '.repeat(length / 5), version: '1' },
  },
});

describeE2e('.NET', () => {
  (missing === null ? it : it.skip)(
    name('has every body whole in both directions, as a server (Kestrel)'),
    async () => {
      const server = await startKestrel();
      const requests = [10, 20_000, 1 << 20].map((length, i) => folder.write(`${i}`, JSON.stringify(hello(length))));
      const ways = ['--tlsv1.3 --http2', '--tlsv1.3 --http1.1', '--tls-max 1.2 --http2', '--tls-max 1.2 --http1.1'];
      const calls = ways.flatMap((way) => requests.map((file) => ({ way, file, answer: `${file}${way}.answer` })));
      const headers = ['Content-Type: application/json', 'Accept: application/json, text/event-stream'];
      const fields = headers.flatMap((header) => ['-H', header]);
      const recorded = await recordDuring(['--port', String(server.port)], async () => {
        for (const { way, file, answer } of calls) {
          const what = [...fields, '--data-binary', `@${file}`, '-o', answer, `https://127.0.0.1:${server.port}/`];
          await run('curl', ['-sSfk', ...way.split(' '), ...what]);
        }
      });
      expectNothingMissing(recorded);
      const seen = recorded.exchanges.map(({ exchange }) => {
        const { request, response } = httpIn(exchange);
        const { tls, handshake } = exchange.connection;
        const hashes = [bodyHash(request?.body), bodyHash(response?.body)];
        return [tls?.library, handshake?.version, handshake?.agreed, exchange.problems, ...hashes];
      });
      expect(seen).toEqual(
        calls.map(({ way, file, answer }) => [
          'openssl',
          way.includes('1.3') ? '1.3' : '1.2',
          way.includes('http2') ? 'h2' : 'http/1.1',
          [],
          ...[file, answer].map((path) => sha256(readFileSync(path))),
        ]),
      );
      noteRead('.NET: Kestrel, HttpClient', recorded.exchanges);
    },
    120_000,
  );

  (missing === null ? it : it.skip)(
    name('is read as a client (HttpClient), from its first connection'),
    async () => {
      const refusal = JSON.stringify({ error: 'invalid_request', error_description: 'not here '.repeat(20_000) });
      const { cert, key } = certificate;
      const asked: string[] = [];
      const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
        asked.push(request.url ?? '');
        request.resume().on('end', () => response.writeHead(400, { 'content-type': 'application/json' }).end(refusal));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo; // it listens on TCP
      const recorded = await recordCommand([program, 'subscription', 'list'], [], {
        ...environment,
        SSL_CERT_FILE: cert,
        AZURE_TOKEN_CREDENTIALS: 'EnvironmentCredential',
        AZURE_AUTHORITY_HOST: `https://localhost:${port}/`,
        AZURE_TENANT_ID: '11111111-1111-1111-1111-111111111111',
        AZURE_CLIENT_ID: '22222222-2222-2222-2222-222222222222',
        AZURE_CLIENT_SECRET: 'nobody-knows',
      });
      server.close();
      expectNothingMissing(recorded);
      const seen = recorded.exchanges.map(({ exchange }) => {
        const { request, response } = httpIn(exchange);
        const { tls, direction } = exchange.connection;
        return [direction, tls?.library, request?.target, exchange.problems, bodyHash(response?.body)];
      });
      expect(asked.length).toBeGreaterThan(0);
      expect(seen).toEqual(asked.map((target) => ['outbound', 'openssl', target, [], sha256(Buffer.from(refusal))]));
      noteRead('.NET: Kestrel, HttpClient', recorded.exchanges);
    },
    120_000,
  );
});
