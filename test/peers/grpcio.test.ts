/**
 * gRPC of Python over TLS: a BoringSSL without names in a module, which is given what was received in memory. Each message byte for byte, as a
 * server and as a client.
 */
import { join } from 'node:path';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { echoBody, expectNothingMissing, writeEchoBodies } from '../support/echo-traffic';
import {
  apps,
  type Certificate,
  lineFrom,
  makeCertificate,
  type Program,
  start,
  startServer,
  stopAll,
  temporaryFolder,
} from '../support/programs';
import { bodyHash, type Recorded, recordDuring, sha256 } from '../support/recorder';
import { noteRead } from '../support/tls-read';
import { brought, whyMissing } from './pairs';

const SIZES = [0, 1, 1024, 16_383, 16_384, 16_385, 100_000, 1 << 20, 3 << 20];
const folder = temporaryFolder();
const python = join(brought, 'python/bin/python');
const echo = join(apps, 'peers/python/grpc_echo.py');
let certificate: Certificate;
let files: readonly string[];

beforeAll(() => {
  certificate = makeCertificate(folder.path);
  files = writeEchoBodies(folder, SIZES);
});
afterEach(stopAll);
afterAll(() => folder.remove());

const startEcho = () => startServer(python, [echo, 'server', certificate.cert, certificate.key]);

/** It has loaded its module before it is recorded: what it says at once after that may go by before the module was seen. */
async function startClient({ port }: { readonly port: number }): Promise<Program> {
  const words = [echo, 'client', certificate.cert, String(port), ...files];
  const client = start(python, words, { stdio: ['pipe', 'pipe', 'pipe'] });
  await lineFrom(client, client.child.stdout, /^ready$/);
  return client;
}

async function talk(client: Program): Promise<void> {
  client.child.stdin?.end('\n');
  expect([await client.ended, client.stderr()]).toEqual([0, '']);
}

const missing = whyMissing('Python');

/** A message stands behind a flag and its length. */
function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function expectMessages(recorded: Recorded, direction: 'inbound' | 'outbound'): void {
  const seen = recorded.exchanges.map(({ exchange }) => {
    const { request, response } = httpIn(exchange);
    const { direction: way, tls } = exchange.connection;
    return [way, tls?.library, exchange.problems, bodyHash(request?.body), bodyHash(response?.body)];
  });
  const hashes = SIZES.map((size) => sha256(framed(echoBody(size))));
  expect(seen).toEqual(hashes.map((hash) => [direction, 'boringssl', [], hash, hash]));
  expectNothingMissing(recorded);
  noteRead('grpcio', recorded.exchanges);
}

(missing === null ? describeE2e : describe.skip)(`grpcio over TLS${missing === null ? '' : ` [${missing}]`}`, () => {
  it('has every message whole in both directions, as a server', async () => {
    const server = await startEcho();
    const client = await startClient(server);
    expectMessages(await recordDuring(['--port', String(server.port)], () => talk(client)), 'inbound');
  }, 60_000);

  it('and as a client', async () => {
    const client = await startClient(await startEcho());
    expectMessages(await recordDuring(['--pid', String(client.pid)], () => talk(client)), 'outbound');
  }, 60_000);
});
