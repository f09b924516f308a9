/** Objects of TLS libraries are freed and made anew at the same addresses, and what was known of an address says nothing of what is there now. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { apps, makeCertificate, startServer, stopAll, temporaryFolder } from '../support/programs';
import { recordCommand } from '../support/recorder';

const folder = temporaryFolder();
afterEach(stopAll);
afterAll(() => folder.remove());

/** The header of a record of the handshake, and the type of a server's hello. */
const hello = Buffer.concat([Buffer.from([0x16, 3, 3, 0, 100, 2]), Buffer.alloc(99, 7)]);

describeE2e('a BIO of OpenSSL where one of another connection was', () => {
  it('does not tell whose the ciphertext in it is', async () => {
    const { cert, key } = makeCertificate(folder.path);
    const server = await startServer(process.execPath, [join(apps, 'echo/node.js'), 'server', cert, key]);
    const other = createServer((socket) => socket.once('data', () => socket.write(hello)).on('error', () => undefined));
    await once(other.listen(0, '127.0.0.1'), 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      const words = [join(apps, 'echo/reused_bio.py'), String(server.port), String(port)];
      const { exchanges } = await recordCommand(['python3', ...words]);
      const seen = exchanges.map(({ exchange }) => [
        exchange.connection.remote,
        httpIn(exchange).request?.target ?? exchange.protocol,
        exchange.problems.filter((problem) => problem !== 'cut-short'),
      ]);
      expect(seen).toContainEqual([`127.0.0.1:${server.port}`, '/mine', []]);
      expect(seen.filter(([remote]) => remote === `127.0.0.1:${port}`)).toEqual([
        [`127.0.0.1:${port}`, expect.anything(), ['encrypted']],
      ]);
    } finally {
      other.close();
    }
  });
});
