/**
 * Servers of Java that people run, over JSSE, byte for byte: what they do with engines and buffers is their own, and the record layer
 * below them is the same.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describeE2e } from '../support/e2e';
import { expectEchoes, writeEchoBodies } from '../support/echo-traffic';
import {
  apps,
  type Certificate,
  makeCertificate,
  run,
  startServer,
  stopAll,
  temporaryFolder,
} from '../support/programs';
import { recordDuring } from '../support/recorder';
import { classPath, whyMissing } from './pairs';

const SIZES = [0, 1, 1024, 16_383, 16_384, 16_385, 100_000, 1 << 20];
const folder = temporaryFolder();
const nodeEcho = join(apps, 'echo/node.js');
let certificate: Certificate;
let files: readonly string[];

beforeAll(() => {
  certificate = makeCertificate(folder.path);
  files = writeEchoBodies(folder, SIZES);
  mkdirSync(folder.file('tomcat'));
});
afterEach(stopAll);
afterAll(() => folder.remove());

const missing = whyMissing('Java');

describeE2e('TLS of a server of Java', () => {
  (missing === null ? it : it.skip).each([
    ['Netty', 'NettyEcho', []],
    ['Tomcat', 'TomcatEcho', [folder.file('tomcat')]],
  ])(
    `has every body whole in both directions (%s)${missing === null ? '' : ` [${missing}]`}`,
    async (of, name, more) => {
      const server = await startServer('java', ['-cp', classPath, name, certificate.cert, certificate.key, ...more]);
      const recorded = await recordDuring(['--java', '--pid', String(server.pid)], () =>
        run(process.execPath, [nodeEcho, 'client', `https://127.0.0.1:${server.port}`, ...files]),
      );
      expectEchoes(recorded.exchanges, { of, sizes: SIZES, direction: 'inbound', library: 'jsse', protocol: 'http1' });
      expect(recorded.summary).toMatch(/^ {2}missing {4}nothing$/m);
    },
    120_000,
  );
});
