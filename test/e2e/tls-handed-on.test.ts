/** TLS of a server in which one thread receives and another one opens what came, whenever it likes. */
import { join } from 'node:path';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { echoBody } from '../support/echo-traffic';
import { apps, makeCertificate, run, startServer, stopAll, temporaryFolder } from '../support/programs';
import { bodyHash, recordDuring, sha256 } from '../support/recorder';

const SIZE = 300_000;
const folder = temporaryFolder();
afterEach(stopAll);
afterAll(() => folder.remove());

describeE2e('records that wait between the thread that receives them and the one that opens them', () => {
  it('are not missing', async () => {
    const { cert, key } = makeCertificate(folder.path);
    const server = await startServer('python3', [join(apps, 'echo/handed_on.py'), cert, key, String(SIZE)]);
    const body = folder.write('body', echoBody(SIZE));
    const url = `https://127.0.0.1:${server.port}/`;
    const fields = ['-H', 'Expect:', '-H', 'Content-Type: application/octet-stream'];
    const recorded = await recordDuring(['--port', String(server.port)], async () => {
      for (const version of ['1.3', '1.2'])
        await run('curl', [
          '-sSfk',
          '--tls-max',
          version,
          ...fields,
          '--data-binary',
          `@${body}`,
          '-o',
          '/dev/null',
          url,
        ]);
    });
    const hash = sha256(echoBody(SIZE));
    const seen = recorded.exchanges.map(({ exchange }) => {
      const { request, response } = httpIn(exchange);
      const { handshake } = exchange.connection;
      return [handshake?.version, exchange.problems, bodyHash(request?.body), bodyHash(response?.body)];
    });
    expect(seen).toEqual(['1.3', '1.2'].map((version) => [version, [], hash, hash]));
    expect(recorded.summary).toMatch(/^ {2}missing {4}nothing$/m);
  });
});
