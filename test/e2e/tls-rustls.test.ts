/**
 * rustls, byte for byte, in programs without a name in them: linked as a whole, stripped, ending at once where they panic. Servers and clients,
 * TLS 1.2 and 1.3, with ring and with aws-lc; slices that are sealed in one record, and one that is sealed in many.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { markersOf } from '../support/markers';
import {
  apps,
  type Certificate,
  makeCertificate,
  run,
  seededBytes,
  startServer,
  stopAll,
  temporaryFolder,
} from '../support/programs';
import { bodyHash, type Recorded, recordCommand, recordDuring, sha256 } from '../support/recorder';
import { buildRust, describeWithRust } from '../support/rust';

const APP = 'rustls-echo';
const SIZES = [0, 1, 1024, 16_383, 16_384, 16_385, 100_000, 1 << 20, 4 << 20];
const BUILD_MS = 600_000;
const node = process.execPath;
const nodeEcho = join(apps, 'echo/node.js');
const folder = temporaryFolder();
let certificate: Certificate;
let binary: Certificate;
let files: readonly string[];

afterEach(stopAll);
afterAll(() => folder.remove());

beforeAll(() => {
  certificate = makeCertificate(folder.path);
  binary = { cert: folder.file('cert.der'), key: folder.file('key.der') };
  execFileSync('openssl', ['x509', '-in', certificate.cert, '-outform', 'DER', '-out', binary.cert]);
  const keyAsDer = ['pkcs8', '-topk8', '-nocrypt', '-in', certificate.key, '-outform', 'DER', '-out', binary.key];
  execFileSync('openssl', keyAsDer);
  files = SIZES.map((size) => folder.write(`body-${size}`, seededBytes(size, size + 1)));
});

function expectWhole(recorded: Recorded, direction: 'inbound' | 'outbound'): void {
  expect(recorded.status).toBe(0);
  const facts = recorded.exchanges.map(({ exchange }) => ({
    target: httpIn(exchange).request?.target,
    direction: exchange.connection.direction,
    library: exchange.connection.tls?.library,
    problems: exchange.problems,
    request: bodyHash(httpIn(exchange).request?.body),
    response: bodyHash(httpIn(exchange).response?.body),
  }));
  expect(facts).toEqual(
    SIZES.map((size) => {
      const hash = sha256(seededBytes(size, size + 1));
      return { target: `/${size}`, direction, library: 'rustls', problems: [], request: hash, response: hash };
    }),
  );
  expect(recorded.summary).toMatch(/^ {2}missing {4}nothing$/m);
}

describeE2e('rustls', () => {
  describe.each(['ring', 'aws'])('with %s', (provider) => {
    describeWithRust('in a program', APP, () => {
      const program = folder.file(`echo-${provider}`);
      beforeAll(() => buildRust(APP, program, [provider]), BUILD_MS);

      const startEcho = () => startServer(program, ['server', binary.cert, binary.key]);

      it.each(['1.2', '1.3'])(
        'has every body whole in both directions, as a server (TLS %s)',
        async (version) => {
          const server = await startEcho();
          const recorded = await recordDuring(['--port', String(server.port)], () =>
            run(program, ['client', String(server.port), version, ...files]),
          );
          expectWhole(recorded, 'inbound');
        },
        60_000,
      );

      it.each(['1.2', '1.3'])(
        'and as a client, recorded from its first instruction (TLS %s)',
        async (version) => {
          const server = await startServer(node, [nodeEcho, 'server', certificate.cert, certificate.key]);
          const recorded = await recordCommand([program, 'client', String(server.port), version, ...files]);
          expectWhole(recorded, 'outbound');
        },
        60_000,
      );

      it('keeps thirty connections at once apart, on either side', async () => {
        const [connections, rounds] = [30, 8];
        const server = await startEcho();
        const work = ['many', String(server.port), String(connections), String(rounds)];
        const inbound = await recordDuring(['--pid', String(server.pid)], () => run(program, work));
        const outbound = await recordCommand([program, ...work]);
        for (const { exchanges } of [inbound, outbound]) {
          const markers = new Map<number, Set<string>>();
          for (const { exchange } of exchanges) {
            const { key } = exchange.connection;
            markers.set(key, (markers.get(key) ?? new Set()).add(markersOf(exchange)));
          }
          expect([...markers.values()].map((own) => [...own].join()).sort()).toEqual(
            Array.from({ length: connections }, (_, i) => `m${i}`).sort(),
          );
          expect(exchanges).toHaveLength(connections * rounds);
          expect(exchanges.flatMap(({ exchange }) => exchange.problems)).toEqual([]);
        }
      }, 120_000);
    });
  });
});
