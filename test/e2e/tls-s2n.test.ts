/** s2n-tls, byte for byte: linked into a program of Rust, which has the names of its functions. TLS 1.2 and 1.3. */
import { join } from 'node:path';
import { describeE2e } from '../support/e2e';
import { expectApart, expectEchoes, expectNothingMissing, writeEchoBodies } from '../support/echo-traffic';
import {
  apps,
  type Certificate,
  makeCertificate,
  run,
  startServer,
  stopAll,
  temporaryFolder,
} from '../support/programs';
import { type Recorded, recordCommand, recordDuring } from '../support/recorder';
import { buildRust, describeWithRust } from '../support/rust';

const APP = 's2n-echo';
const SIZES = [0, 1, 1024, 16_383, 16_384, 16_385, 100_000, 1 << 20];
const WAYS = ['', '1.2', 'multi', 'nonblocking'];
const BUILD_MS = 600_000;
const node = process.execPath;
const nodeEcho = join(apps, 'echo/node.js');
const folder = temporaryFolder();
let certificate: Certificate;
let files: readonly string[];

afterEach(stopAll);
afterAll(() => folder.remove());

beforeAll(() => {
  certificate = makeCertificate(folder.path);
  files = writeEchoBodies(folder, SIZES);
});

function expectWhole(recorded: Recorded, direction: 'inbound' | 'outbound'): void {
  expect(recorded.status).toBe(0);
  expectEchoes(recorded.exchanges, {
    of: 'the crate s2n-tls-sys, linked in',
    sizes: SIZES,
    direction,
    library: 's2n',
    protocol: 'http1',
  });
  expectNothingMissing(recorded);
  // Its program asks what was agreed on; the client of Node.js offers nothing.
  const agreed = recorded.exchanges.map(({ exchange }) => exchange.connection.handshake?.agreed);
  expect(new Set(agreed)).toEqual(new Set([direction === 'outbound' ? 'http/1.1' : null]));
}

describeE2e('s2n-tls', () => {
  describeWithRust('linked into a program', APP, () => {
    const program = folder.file('echo');
    beforeAll(() => buildRust(APP, program, ['linked']), BUILD_MS);

    const startEcho = (way: string) => startServer(program, ['server', certificate.cert, certificate.key, way]);

    it.each(WAYS)('has every body whole in both directions, as a server (%s)', async (way) => {
      const server = await startEcho(way);
      const recorded = await recordDuring(['--port', String(server.port)], () =>
        run(node, [nodeEcho, 'client', `https://127.0.0.1:${server.port}`, ...files]),
      );
      expectWhole(recorded, 'inbound');
    });

    it.each(WAYS)('and as a client, recorded from its first instruction (%s)', async (way) => {
      const server = await startServer(node, [nodeEcho, 'server', certificate.cert, certificate.key]);
      const recorded = await recordCommand([program, 'client', String(server.port), way, ...files]);
      expectWhole(recorded, 'outbound');
    });

    it('keeps thirty connections at once apart, on either side', async () => {
      const [connections, rounds] = [30, 8];
      const server = await startEcho('');
      const work = ['many', String(server.port), '', String(connections), String(rounds)];
      const inbound = await recordDuring(['--pid', String(server.pid)], () => run(program, work));
      const outbound = await recordCommand([program, ...work]);
      for (const { exchanges } of [inbound, outbound]) expectApart(exchanges, connections, rounds);
    });

    it('counts what was sent out of several pieces at once, and never calls it complete', async () => {
      const server = await startServer(node, [nodeEcho, 'server', certificate.cert, certificate.key]);
      const { exchanges, summary } = await recordCommand([
        ...[program, 'client', String(server.port), 'sendv', ...files],
      ]);
      expect(exchanges.filter(({ exchange }) => exchange.problems.length === 0)).toEqual([]);
      expect(summary).toMatch(/^ {2}missing {4}.*: fault: /m);
    });
  });
});
