/**
 * Servers of every TLS library that is built here, all under load at once, while recorders of them are killed one after the other: nobody's
 * answer is wrong or missing, nothing stays in the kernel, and the recorder that comes last reads them all.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describeE2e } from '../support/e2e';
import { startNginxBeforeEcho } from '../support/echo-traffic';
import { apps, asDer, makeCertificate, startServer, stopAll, temporaryFolder } from '../support/programs';
import { buildRust, describeWithRust } from '../support/rust';
import { buildEcho, builtLibraries, makeNssDatabase } from '../support/tls-libraries';
import { expectUnharmed, type Loaded } from '../support/unharmed';

const BUILD_MS = 600_000;
const folder = temporaryFolder();
afterEach(stopAll);
afterAll(() => folder.remove());

/** Servers of OpenSSL in nginx and in Node.js, and of each library of C. */
async function startServers(): Promise<readonly Loaded[]> {
  const certificate = makeCertificate(folder.path);
  const { cert, key } = certificate;
  const node = await startServer(process.execPath, [join(apps, 'echo/node.js'), 'server', cert, key]);
  const ofC = builtLibraries
    .filter(({ header }) => existsSync(header))
    .map(async (library) => {
      const program = buildEcho(library, folder.file(`echo-${library.name}`));
      const files = library.name === 'nss' ? makeNssDatabase(nssFolder(), certificate) : [cert, key];
      const { port } = await startServer(program, ['server', ...files, '']);
      return { library: library.name, port };
    });
  return [
    { library: 'openssl', port: await startNginxBeforeEcho(folder.path, certificate) },
    { library: 'openssl', port: node.port },
    ...(await Promise.all(ofC)),
  ];
}

function nssFolder(): string {
  const path = folder.file('database');
  mkdirSync(path);
  return path;
}

describeE2e('recorders that are killed under load leave unharmed', () => {
  it('OpenSSL, in nginx and in Node.js, and libraries of C', async () => {
    await expectUnharmed(await startServers(), folder);
  });

  describeWithRust('in a program of Rust', 'rustls-echo', () => {
    describeWithRust('linked in', 's2n-echo', () => {
      beforeAll(() => {
        buildRust('rustls-echo', folder.file('rustls'), ['ring']);
        buildRust('s2n-echo', folder.file('s2n'), ['linked']);
      }, BUILD_MS);

      it('rustls and s2n-tls', async () => {
        const certificate = makeCertificate(folder.path);
        const binary = asDer(certificate, folder.path);
        const rustls = await startServer(folder.file('rustls'), ['server', binary.cert, binary.key]);
        const s2n = await startServer(folder.file('s2n'), ['server', certificate.cert, certificate.key, '']);
        const servers = [
          { library: 'rustls', port: rustls.port },
          { library: 's2n', port: s2n.port },
        ];
        await expectUnharmed(servers, folder);
      });
    });
  });
});
