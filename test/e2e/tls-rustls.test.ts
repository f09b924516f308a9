/**
 * rustls, byte for byte, in programs without a name in them: linked as a whole, stripped, ending at once where they panic. Servers and clients,
 * TLS 1.2 and 1.3, of versions that are laid out otherwise, with ring and with aws-lc; slices that are sealed in one record, and one that is sealed in many.
 */
import { describeE2e } from '../support/e2e';
import {
  bothVersions,
  expectApart,
  expectEchoesOver,
  expectNothingMissing,
  startNodeEcho,
  writeEchoBodies,
} from '../support/echo-traffic';
import {
  asDer,
  type Certificate,
  makeCertificate,
  run,
  startServer,
  stopAll,
  temporaryFolder,
} from '../support/programs';
import { type Recorded, recordCommand, recordDuring } from '../support/recorder';
import { buildRust, describeWithRust } from '../support/rust';

const APP = 'rustls-echo';
const SIZES = [0, 1, 1024, 16_383, 16_384, 16_385, 100_000, 1 << 20, 4 << 20];
const BUILD_MS = 600_000;
const folder = temporaryFolder();
let certificate: Certificate;
let binary: Certificate;
let files: readonly string[];

afterEach(stopAll);
afterAll(() => folder.remove());

beforeAll(() => {
  certificate = makeCertificate(folder.path);
  binary = asDer(certificate, folder.path);
  files = writeEchoBodies(folder, SIZES);
});

/** What was said by each of these versions of TLS, one after the other. */
function expectWhole(
  of: string,
  recorded: Recorded,
  direction: 'inbound' | 'outbound',
  versions: readonly string[],
): void {
  const { status, exchanges } = recorded;
  expect(status).toBe(0);
  expectEchoesOver(versions, exchanges, { of, sizes: SIZES, direction, library: 'rustls', protocol: 'http1' });
  expectNothingMissing(recorded);
}

describeE2e('rustls', () => {
  describe.each([
    ['0.23 with ring', 'ring'],
    ['0.23 with aws-lc', 'aws'],
    ['0.21 with ring', 'old'],
  ])('of version %s', (name, build) => {
    describeWithRust('in a program', APP, () => {
      const program = folder.file(`echo-${build}`);
      beforeAll(() => buildRust(APP, program, [build]), BUILD_MS);

      const startEcho = () => startServer(program, ['server', binary.cert, binary.key]);

      it('has every body whole in both directions, as a server', async () => {
        const server = await startEcho();
        const recorded = await recordDuring(['--port', String(server.port)], async () => {
          for (const version of bothVersions) await run(program, ['client', String(server.port), version, ...files]);
        });
        expectWhole(`${name}, stripped`, recorded, 'inbound', bothVersions);
      });

      it.each(bothVersions)('and as a client, recorded from its first instruction (TLS %s)', async (version) => {
        const server = await startNodeEcho(certificate);
        // By itself: the file of a program that a shell starts is not known before it runs.
        const recorded = await recordCommand([program, 'client', String(server.port), version, ...files]);
        expectWhole(`${name}, stripped`, recorded, 'outbound', [version]);
      });

      it('keeps thirty connections at once apart, on either side', async () => {
        const [connections, rounds] = [30, 8];
        const server = await startEcho();
        const work = ['many', String(server.port), String(connections), String(rounds)];
        const inbound = await recordDuring(['--pid', String(server.pid)], () => run(program, work));
        const outbound = await recordCommand([program, ...work]);
        for (const { exchanges } of [inbound, outbound]) {
          expectApart(exchanges, connections, rounds);
        }
      });
    });
  });
});
