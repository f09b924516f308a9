/** The first bytes a client of TLS sends: OpenSSL's, as Node.js has it. */
import { type AddressInfo, createServer } from 'node:net';
import { connect } from 'node:tls';

export function clientHello(offers: readonly string[], servername?: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (bytes) => {
        socket.destroy();
        server.close(() => resolve(bytes));
      });
    });
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      const asked = servername === undefined ? {} : { servername };
      const offered = offers.length > 0 ? { ALPNProtocols: [...offers] } : {};
      const client = connect({ port, host: '127.0.0.1', ...asked, ...offered });
      client.on('error', () => client.destroy());
    });
  });
}
