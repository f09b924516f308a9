/**
 * A BoringSSL that is linked into a program: read by the names of its functions, and by its table where they were taken out. It takes
 * minutes to build, once a machine.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { describeE2e } from '../support/e2e';
import {
  bothVersions,
  expectEchoesOver,
  expectNothingMissing,
  startNodeEcho,
  useNodeEcho,
  writeEchoBodies,
} from '../support/echo-traffic';
import { type Certificate, makeCertificate, startServer, stopAll, temporaryFolder } from '../support/programs';
import { recordCommand, recordDuring } from '../support/recorder';
import { buildRust, describeWithRust } from '../support/rust';
import { expectUnharmed } from '../support/unharmed';
import { expectSecondStep, recordInMidConnection } from './mid-connection';

const APP = 'boring-echo';
const SIZES = [0, 1, 1024, 16_383, 16_384, 16_385, 100_000, 1 << 20];
const folder = temporaryFolder();
const program = folder.file('named');
const stripped = folder.file('stripped');
let certificate: Certificate;
let files: readonly string[];

afterEach(stopAll);
afterAll(() => folder.remove());

const startEcho = (which: string) => startServer(which, ['server', certificate.cert, certificate.key]);

describeE2e('BoringSSL', () => {
  describeWithRust('linked into a program', APP, () => {
    beforeAll(() => {
      certificate = makeCertificate(folder.path);
      files = writeEchoBodies(folder, SIZES);
      buildRust(APP, program, ['linked']);
      copyFileSync(program, stripped);
      execFileSync('strip', [stripped]);
    }, 1_800_000);

    describe.each([
      ['with the names of its functions', program, 'openssl', ''],
      ['stripped', stripped, 'boringssl', ', stripped'],
    ])('%s', (_, which, library, how) => {
      const echoes = { of: `BoringSSL of the crate boring, linked in${how}`, sizes: SIZES, library, protocol: 'http1' };

      it('has every body whole in both directions, as a server', async () => {
        const { port } = await startEcho(which);
        const recorded = await recordDuring(['--port', String(port)], async () => {
          for (const version of bothVersions) await useNodeEcho(port, files, version);
        });
        expectEchoesOver(bothVersions, recorded.exchanges, { ...echoes, direction: 'inbound' });
        expectNothingMissing(recorded);
      }, 60_000);

      it.each(bothVersions)(
        'and as a client, recorded from its first instruction (TLS %s)',
        async (version) => {
          const server = await startNodeEcho(certificate, version);
          const recorded = await recordCommand([which, 'client', String(server.port), ...files]);
          expectEchoesOver([version], recorded.exchanges, { ...echoes, direction: 'outbound' });
          expectNothingMissing(recorded);
        },
        60_000,
      );
    });

    it('is read in mid-connection, without names', async () => {
      expectSecondStep(await recordInMidConnection(await startEcho(stripped)), 'boringssl');
    }, 60_000);

    it('is left unharmed by recorders that are killed, without names', async () => {
      const server = await startEcho(stripped);
      await expectUnharmed([{ library: 'boringssl', port: server.port }], folder);
    }, 120_000);
  });
});
