/** A hundred connections at once, each with a marker of its own: no byte under a wrong connection. */
import { join } from 'node:path';
import type { StoredExchange } from '../../tape/store/tape';
import { describeE2e } from '../support/e2e';
import { expectApart, startNginxBeforeEcho } from '../support/echo-traffic';
import { markersOf } from '../support/markers';
import { apps, makeCertificate, run, startServer, stopAll, temporaryFolder } from '../support/programs';
import { recordCommand, recordDuring } from '../support/recorder';

const CONNECTIONS = 100;
const REQUESTS = 10;
const node = process.execPath;
const echo = (name: string) => join(apps, 'echo', name);
const folder = temporaryFolder();

afterEach(stopAll);
afterAll(() => folder.remove());

/** What passed in one direction. */
function going(direction: 'inbound' | 'outbound', exchanges: readonly StoredExchange[]): readonly StoredExchange[] {
  return exchanges.filter(({ exchange }) => exchange.connection.direction === direction);
}

describeE2e('a hundred concurrent TLS connections', () => {
  const { cert, key } = { cert: folder.file('cert.pem'), key: folder.file('key.pem') };
  beforeAll(() => makeCertificate(folder.path));

  it.each([
    ['Node.js', node, 'node.js'],
    ['Python asyncio', 'python3', 'with_asyncio.py'],
    ['Python blocking', 'python3', 'blocking.py'],
  ])('%s keeps every byte under its own connection', async (_name, program, script) => {
    const server = await startServer(program, [echo(script), 'server', cert, key]);
    const work = () => run(node, [echo('many.js'), String(server.port), String(CONNECTIONS), String(REQUESTS)]);
    const { exchanges } = await recordDuring(['--port', String(server.port)], work);
    expectApart(going('inbound', exchanges), CONNECTIONS, REQUESTS);
  });

  it('nginx keeps every byte under its own connection, on either side of it', async () => {
    const port = await startNginxBeforeEcho(folder.path, { cert, key });
    const work = () => run(node, [echo('many.js'), String(port), String(CONNECTIONS), String(REQUESTS)]);
    const { exchanges } = await recordDuring(['--port', String(port)], work);
    expectApart(going('inbound', exchanges), CONNECTIONS, REQUESTS);
    const outbound = going('outbound', exchanges);
    expect(outbound.filter(({ exchange }) => markersOf(exchange).startsWith('mixed up'))).toEqual([]);
    expect(outbound).toHaveLength(CONNECTIONS * REQUESTS);
  });

  it('a client with a hundred connections keeps them apart too', async () => {
    const server = await startServer(node, [echo('node.js'), 'server', cert, key]);
    const { exchanges } = await recordCommand([
      node,
      echo('many.js'),
      String(server.port),
      String(CONNECTIONS),
      String(REQUESTS),
    ]);
    expectApart(exchanges, CONNECTIONS, REQUESTS);
  });
});
