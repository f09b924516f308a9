/** Servers and clients that use the distribution's OpenSSL in ways of their own, byte for byte in both directions. */
import { join } from 'node:path';
import { describeE2e } from '../support/e2e';
import { expectEchoes, writeEchoBodies } from '../support/echo-traffic';
import { folderFor, opensslUsers } from '../support/openssl-users';
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
import { describeWithPackage } from '../support/tls-libraries';

const SIZES = [0, 1, 16_383, 16_385, 100_000, 1 << 20];
const BUILD_MS = 600_000;
const nodeEcho = join(apps, 'echo/node.js');
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
function expectWhole(of: string, { status, exchanges, summary }: Recorded, direction: 'inbound' | 'outbound'): void {
  const known = { of, sizes: SIZES, direction, library: 'openssl', protocol: 'http1' };
  expect(status).toBe(0);
  expectEchoes(
    exchanges.filter(({ exchange }) => exchange.connection.direction === direction),
    known,
  );
  expect(summary).toMatch(/^ {2}missing {4}nothing$/m);
}

async function expectServer(of: string, serve: () => Promise<{ port: number }>): Promise<void> {
  const { port } = await serve();
  const client = [nodeEcho, 'client', `https://127.0.0.1:${port}`, ...files];
  expectWhole(of, await recordDuring(['--port', String(port)], () => run(process.execPath, client)), 'inbound');
}

async function expectClient(of: string, commandFor: (port: number) => readonly string[]): Promise<void> {
  const { port } = await startServer(process.execPath, [nodeEcho, 'server', certificate.cert, certificate.key]);
  expectWhole(of, await recordCommand(commandFor(port)), 'outbound');
}

describeE2e('the OpenSSL of', () => {
  for (const user of opensslUsers) {
    describeWithPackage(user.name, user.needed, () => {
      it('has every body whole as a server', async () => {
        await expectServer(user.name, () => user.serve(certificate, folderFor(user, folder.path)));
      });

      const { client } = user;
      if (client !== null) {
        it('and as a client', async () => {
          await expectClient(user.name, (port) => client(port, files));
        });
      }
    });
  }

  const nativeTls = 'Rust, by native-tls';
  describeWithRust(nativeTls, 'native-tls-echo', () => {
    const program = folder.file('native-tls-echo');
    beforeAll(() => buildRust('native-tls-echo', program, ['system']), BUILD_MS);

    it('has every body whole as a server', async () => {
      await expectServer(nativeTls, () => startServer(program, ['server', certificate.cert, certificate.key]));
    });

    it('and as a client', async () => {
      await expectClient(nativeTls, (port) => [program, 'client', String(port), ...files]);
    });
  });
});
