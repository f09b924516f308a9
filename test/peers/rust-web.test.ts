/** What people write services with in Rust, over rustls: axum on hyper, and reqwest, byte for byte, in a stripped program. */
import { describeE2e } from '../support/e2e';
import {
  bothVersions,
  expectEchoes,
  expectEchoesOver,
  expectNothingMissing,
  startHttp2Echo,
  startNodeEcho,
  useCurlEcho,
  useNodeEcho,
  writeEchoBodies,
} from '../support/echo-traffic';
import { type Certificate, makeCertificate, startServer, stopAll, temporaryFolder } from '../support/programs';
import { recordCommand, recordDuring } from '../support/recorder';
import { buildRust, describeWithRust } from '../support/rust';

const APP = 'rustls-web';
const SIZES = [0, 1, 1024, 16_383, 16_384, 16_385, 100_000, 1 << 20, 16 << 20];
const folder = temporaryFolder();
let certificate: Certificate;
let files: readonly string[];

beforeAll(() => {
  certificate = makeCertificate(folder.path);
  files = writeEchoBodies(folder, SIZES);
});
afterEach(stopAll);
afterAll(() => folder.remove());

describeE2e('rustls below', () => {
  describeWithRust('axum and reqwest', APP, () => {
    const program = folder.file(APP);
    beforeAll(() => buildRust(APP, program, ['ring']), 1_800_000);

    const startAxum = () => startServer(program, ['server', certificate.cert, certificate.key]);
    const server = { of: 'axum, stripped', sizes: SIZES, library: 'rustls', direction: 'inbound' } as const;
    const client = { of: 'reqwest, stripped', sizes: SIZES, library: 'rustls', direction: 'outbound' } as const;

    it('have every body whole in both directions, as a server', async () => {
      const { port } = await startAxum();
      const recorded = await recordDuring(['--port', String(port)], async () => {
        for (const version of bothVersions) await useNodeEcho(port, files, version);
      });
      expectEchoesOver(bothVersions, recorded.exchanges, { ...server, protocol: 'http1' });
      expectNothingMissing(recorded);
    }, 120_000);

    it('and over HTTP/2', async () => {
      const { port, pid } = await startAxum();
      const recorded = await recordDuring(['--pid', String(pid)], () => useCurlEcho(port, files));
      expectEchoes(recorded.exchanges, { ...server, protocol: 'http2' });
      expectNothingMissing(recorded);
    }, 120_000);

    it.each(bothVersions)(
      'and as a client, recorded from its first instruction (TLS %s)',
      async (version) => {
        const { port } = await startNodeEcho(certificate, version);
        const recorded = await recordCommand([program, 'client', String(port), '1', ...files]);
        expectEchoesOver([version], recorded.exchanges, { ...client, protocol: 'http1' });
        expectNothingMissing(recorded);
      },
      120_000,
    );

    it('and over HTTP/2', async () => {
      const { port } = await startHttp2Echo(certificate);
      const recorded = await recordCommand([program, 'client', String(port), '2', ...files]);
      expectEchoes(recorded.exchanges, { ...client, protocol: 'http2' });
      expectNothingMissing(recorded);
    }, 120_000);
  });
});
