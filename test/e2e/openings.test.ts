/** How a connection opens says little: what looks like TLS may be an upload, and TLS may begin late or end early. */
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { apps, makeCertificate, startServer, stopAll, temporaryFolder } from '../support/programs';
import { bodyHash, recordCommand, recordDuring, sha256 } from '../support/recorder';

const node = process.execPath;
const folder = temporaryFolder();
const echo = join(apps, 'echo/node.js');

/** How a ClientHello opens: a handshake record of TLS 1.0, in it a message of type 1. */
const likeTls = Buffer.concat([Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]), Buffer.alloc(4000, 'x')]);

afterEach(stopAll);
afterAll(() => folder.remove());

/** Writes each piece once the one before has been taken; resolves with the end of the answer. */
function converse(port: number, pieces: readonly (string | Buffer)[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.on('error', reject).on('close', () => resolve());
    const next = (i: number) => {
      const piece = pieces[i];
      if (piece !== undefined) socket.write(piece, () => setImmediate(() => next(i + 1)));
    };
    socket.on('data', () => socket.end());
    next(0);
  });
}

describeE2e('an upload that opens like TLS', () => {
  it('is recorded as the upload it is', async () => {
    const server = await startServer(node, [echo, 'server']);
    const head = `POST /upload HTTP/1.1\r\nHost: here\r\nContent-Length: ${likeTls.length}\r\n\r\n`;
    const { exchanges } = await recordDuring(['--port', String(server.port)], () =>
      converse(server.port, [head, likeTls]),
    );
    const facts = exchanges.map(({ exchange }) => ({
      problems: exchange.problems,
      request: bodyHash(httpIn(exchange).request?.body),
      response: bodyHash(httpIn(exchange).response?.body),
    }));
    expect(facts).toEqual([{ problems: [], request: sha256(likeTls), response: sha256(likeTls) }]);
  });
});

describeE2e('TLS', () => {
  const { cert, key } = { cert: folder.file('cert.pem'), key: folder.file('key.pem') };
  beforeAll(() => {
    makeCertificate(folder.path);
  });

  it('on which nothing was said is no exchange and not unreadable', async () => {
    const server = await startServer(node, [echo, 'server', cert, key]);
    const { exchanges, summary } = await recordDuring(['--port', String(server.port)], async () => {
      for (let i = 0; i < 3; i++) {
        await new Promise<void>((resolve, reject) => {
          const socket = connectTls({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false }, () =>
            socket.end(),
          );
          socket.on('error', reject).on('close', () => resolve());
        });
      }
    });
    expect(exchanges).toEqual([]);
    expect(summary).not.toContain('encrypted');
  });

  it('inside TLS, through a proxy that is spoken to over TLS, is recorded for what was said inside', async () => {
    const server = await startServer(node, [echo, 'server', cert, key]);
    const proxy = await startServer(node, [folder.write('proxy.js', proxyOverTls), cert, key]);
    const body = folder.write('body', 'inside');
    const { exchanges } = await recordCommand([
      ...['curl', '-sSk', '--proxy-insecure', '-x', `https://127.0.0.1:${proxy.port}`, '-o', '/dev/null'],
      ...['--data-binary', `@${body}`, `https://127.0.0.1:${server.port}/inside`],
    ]);
    const posts = exchanges.filter(({ exchange }) => httpIn(exchange).request?.method === 'POST');
    expect(
      posts.map(({ exchange }) => [
        httpIn(exchange).request?.target,
        exchange.problems,
        bodyHash(httpIn(exchange).response?.body),
      ]),
    ).toEqual([['/inside', [], sha256(Buffer.from('inside'))]]);
  });
});

const proxyOverTls = `const { readFileSync } = require('node:fs');
const [cert, key] = process.argv.slice(2).map((file) => readFileSync(file));
const proxy = require('node:https').createServer({ cert, key });
proxy.on('connect', (request, socket, head) => {
  const [host, port] = request.url.split(':');
  const target = require('node:net').connect(Number(port), host, () => {
    socket.write('HTTP/1.1 200 Connection Established\\r\\n\\r\\n');
    target.write(head);
    socket.pipe(target).pipe(socket);
  });
  socket.on('error', () => target.destroy());
  target.on('error', () => socket.destroy());
});
proxy.listen(0, '127.0.0.1', () => console.log('listening ' + proxy.address().port));`;
