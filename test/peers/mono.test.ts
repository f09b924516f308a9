/**
 * A service of Mono whose upstream has TLS. Its store of certificates is a folder that no variable names: where the build has
 * mounts of its own ours lies in its place, and without it the client that refused is named.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runWiretape } from '../support/command';
import { describeE2e } from '../support/e2e';
import { calls } from '../support/mocks';
import { makeCertificate, temporaryFolder } from '../support/programs';
import { writeTape } from '../support/tape-file';
import { brought, whyMissing } from './pairs';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const missing = whyMissing('Mono');
const upstream = { host: 'catalogue.invalid', tls: true, target: '/items/1', responseBody: { name: 'lamp' } };
const asked = { direction: 'inbound', host: 'shop.test', target: '/items/1', responseBody: { name: 'lamp' } } as const;

/** Without the Date, which HttpListener adds to what the sketches say. */
const noise = '- { in: response, path: "header[*]", because: "Mono\'s own fields" }\n';

function testShop(more: readonly string[], settings: string) {
  const command = ['mono', join(brought, 'mono/Shop.exe')];
  const args = ['test', 'shop.tape', '--noise', 'noise.yaml', '--env', 'PORT={port}', ...more, '--', ...command];
  return runWiretape(args, {
    cwd: folder.path,
    env: { UPSTREAM: 'https://catalogue.invalid', XDG_CONFIG_HOME: settings },
  });
}

describeE2e(`a service of Mono whose upstream has TLS${missing === null ? '' : ` [${missing}]`}`, () => {
  const mono = missing === null ? it : it.skip;

  beforeAll(() => {
    writeTape(join(folder.path, 'shop.tape'), calls(asked, upstream));
    folder.write('noise.yaml', Buffer.from(noise));
    mkdirSync(folder.file('settings/.mono/new-certs/Trust'), { recursive: true });
    makeCertificate(folder.file('settings/.mono/new-certs/Trust')); // of somebody else
  });

  mono(
    'reaches its mock where its store is in sight',
    async () => {
      const { status, stdout, stderr } = await testShop([], folder.file('settings'));
      expect(stdout + stderr).toMatch(/1 passed of 1 case/);
      expect(status).toBe(0);
    },
    120_000,
  );

  mono(
    'is named where there is none',
    async () => {
      const { status, stderr } = await testShop([], folder.file('nowhere'));
      expect(status).toBe(1);
      expect(stderr).toMatch(
        /^untrusted mono \(pid \d+\) seems to have refused the certificate of catalogue\.invalid/m,
      );
    },
    120_000,
  );
});
