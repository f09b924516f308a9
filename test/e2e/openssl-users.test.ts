/** Servers and clients that use the distribution's OpenSSL in ways of their own, byte for byte in both directions. */
import { describeE2e } from '../support/e2e';
import {
  bothVersions,
  expectEchoes,
  expectEchoesOver,
  expectNothingMissing,
  startNodeEcho,
  type TlsVersion,
  useCurlEcho,
  useNodeEcho,
  writeEchoBodies,
} from '../support/echo-traffic';
import { folderFor, opensslUsers } from '../support/openssl-users';
import { type Certificate, makeCertificate, startServer, stopAll, temporaryFolder } from '../support/programs';
import { type Recorded, recordCommand, recordDuring } from '../support/recorder';
import { buildRust, describeWithRust } from '../support/rust';
import { describeWithPackage } from '../support/tls-libraries';

const SIZES = [0, 1, 16_383, 16_385, 100_000, 1 << 20];
const BUILD_MS = 600_000;
const folder = temporaryFolder();
let certificate: Certificate;
let files: readonly string[];

beforeAll(() => {
  certificate = makeCertificate(folder.path);
  files = writeEchoBodies(folder, SIZES);
});
afterEach(stopAll);
afterAll(() => folder.remove());

/** A proxy's calls of what is behind it are recorded besides. */
function expectWhole(
  of: string,
  recorded: Recorded,
  direction: 'inbound' | 'outbound',
  versions: readonly TlsVersion[],
): void {
  const known = { of, sizes: SIZES, direction, library: 'openssl', protocol: 'http1' };
  const { status, exchanges } = recorded;
  expect(status).toBe(0);
  const own = exchanges.filter(({ exchange }) => exchange.connection.direction === direction);
  expectEchoesOver(versions, own, known);
  expectNothingMissing(recorded);
}

async function expectServer(
  of: string,
  serve: () => Promise<{ port: number }>,
  versions: readonly TlsVersion[] = bothVersions,
): Promise<void> {
  const { port } = await serve();
  const recorded = await recordDuring(['--port', String(port)], async () => {
    for (const version of versions) await useNodeEcho(port, files, version);
  });
  expectWhole(of, recorded, 'inbound', versions);
}

async function expectClient(
  of: string,
  version: TlsVersion,
  commandFor: (port: number) => readonly string[],
): Promise<void> {
  const { port } = await startNodeEcho(certificate, version);
  expectWhole(of, await recordCommand(commandFor(port)), 'outbound', [version]);
}

describeE2e('the OpenSSL of', () => {
  for (const user of opensslUsers) {
    describeWithPackage(user.name, user.needed, () => {
      it('has every body whole as a server', async () => {
        await expectServer(user.name, () => user.serve(certificate, folderFor(user, folder.path)));
      });

      if (user.http2) {
        it('and over HTTP/2', async () => {
          const { port } = await user.serve(certificate, folderFor(user, folder.path));
          const recorded = await recordDuring(['--port', String(port)], () => useCurlEcho(port, files));
          const inbound = recorded.exchanges.filter(({ exchange }) => exchange.connection.direction === 'inbound');
          const known = { of: user.name, sizes: SIZES, library: 'openssl' };
          expectEchoes(inbound, { ...known, direction: 'inbound', protocol: 'http2' });
          expectNothingMissing(recorded);
        });
      }

      const { client } = user;
      if (client !== null) {
        it.each(bothVersions)('and as a client (TLS %s)', async (version) => {
          await expectClient(user.name, version, (port) => client(port, files));
        });
      }
    });
  }

  const nativeTls = 'Rust, by native-tls';
  describeWithRust(nativeTls, 'native-tls-echo', () => {
    const program = folder.file('native-tls-echo');
    beforeAll(() => buildRust('native-tls-echo', program, ['system']), BUILD_MS);

    it('has every body whole as a server', async () => {
      // The crate's servers have TLS 1.3 turned off.
      const serve = () => startServer(program, ['server', certificate.cert, certificate.key]);
      await expectServer(nativeTls, serve, ['1.2']);
    });

    it.each(bothVersions)('and as a client (TLS %s)', async (version) => {
      await expectClient(nativeTls, version, (port) => [program, 'client', String(port), ...files]);
    });
  });
});
