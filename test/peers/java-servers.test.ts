/**
 * Servers of Java that people run, over JSSE, byte for byte: what they do with engines and buffers is their own, and the record layer
 * below them is the same.
 */
import { mkdirSync } from 'node:fs';
import { describeE2e } from '../support/e2e';
import { expectEchoes, expectNothingMissing, useCurlEcho, useNodeEcho, writeEchoBodies } from '../support/echo-traffic';
import { type Certificate, makeCertificate, startServer, stopAll, temporaryFolder } from '../support/programs';
import { recordDuring } from '../support/recorder';
import { classPath, whyMissing } from './pairs';

const SIZES = [0, 1, 1024, 16_383, 16_384, 16_385, 100_000, 1 << 20];
const folder = temporaryFolder();
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
const where = missing === null ? '' : ` [${missing}]`;
const known = { sizes: SIZES, direction: 'inbound', library: 'jsse' } as const;

describeE2e('TLS of a server of Java', () => {
  (missing === null ? it : it.skip).each([
    ['Netty', 'NettyEcho', []],
    ['Tomcat', 'TomcatEcho', [folder.file('tomcat')]],
  ])(
    `has every body whole in both directions (%s)${where}`,
    async (of, name, more) => {
      const server = await startServer('java', ['-cp', classPath, name, certificate.cert, certificate.key, ...more]);
      const recorded = await recordDuring(['--java', '--pid', String(server.pid)], () =>
        useNodeEcho(server.port, files),
      );
      expectEchoes(recorded.exchanges, { ...known, of, protocol: 'http1' });
      expectNothingMissing(recorded);
    },
    120_000,
  );

  (missing === null ? it : it.skip)(
    `and over HTTP/2 (Tomcat)${where}`,
    async () => {
      const words = ['TomcatEcho', certificate.cert, certificate.key, folder.file('tomcat')];
      const server = await startServer('java', ['-cp', classPath, ...words]);
      const recorded = await recordDuring(['--java', '--pid', String(server.pid)], () =>
        useCurlEcho(server.port, files),
      );
      expectEchoes(recorded.exchanges, { ...known, of: 'Tomcat', protocol: 'http2' });
      expectNothingMissing(recorded);
    },
    120_000,
  );
});
