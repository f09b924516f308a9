/** `--sample`: of a connection everything or nothing, whichever way its bytes take; and what nobody asked for is no loss. */
import { join } from 'node:path';
import type { Exchange } from '../../tape/model/exchange';
import { describeE2e } from '../support/e2e';
import { startNginxBeforeEcho } from '../support/echo-traffic';
import { markersOf } from '../support/markers';
import { apps, asDer, makeCertificate, run, startServer, stopAll, temporaryFolder } from '../support/programs';
import { type Recorded, recordDuring } from '../support/recorder';
import { buildRust, describeWithRust } from '../support/rust';

const CONNECTIONS = 100;
const REQUESTS = 10;
const node = process.execPath;
const echo = (name: string) => join(apps, 'echo', name);
const folder = temporaryFolder();

afterEach(stopAll);
afterAll(() => folder.remove());

function byConnection(exchanges: readonly Exchange[]): ReadonlyMap<number, readonly Exchange[]> {
  return Map.groupBy(exchanges, ({ connection }) => connection.key);
}

/** `without 71 connections, as --sample says` */
function leftOut(summary: string): number {
  return Number(/without (\d+) connections, as --sample says/.exec(summary)?.[1]);
}

function expectWhole(exchanges: readonly Exchange[]): void {
  expect(exchanges.flatMap(({ problems }) => problems)).toEqual([]);
  for (const each of byConnection(exchanges).values()) {
    expect(each).toHaveLength(REQUESTS);
    expect(new Set(each.map(markersOf)).size).toBe(1);
  }
}

function expectSample({ exchanges, summary }: Recorded, connections: number): readonly Exchange[] {
  const all = exchanges.map(({ exchange }) => exchange);
  expectWhole(all);
  const recorded = byConnection(all).size;
  expect(recorded).toBeGreaterThan(connections * 0.15);
  expect(recorded).toBeLessThan(connections * 0.45);
  expect(recorded + leftOut(summary)).toBe(connections);
  expect(summary).toMatch(/^ {2}missing {4}nothing$/m);
  return all;
}

describeE2e('a sample of a hundred connections', () => {
  const { cert, key } = { cert: folder.file('cert.pem'), key: folder.file('key.pem') };
  beforeAll(() => makeCertificate(folder.path));
  const ask = (port: number) => run(node, [echo('many.js'), String(port), String(CONNECTIONS), String(REQUESTS)]);
  const recorded = (port: number) => recordDuring(['--port', String(port), '--sample', '30%'], () => ask(port));

  it.each([
    ['Node.js', node, 'node.js'],
    ['Python asyncio', 'python3', 'with_asyncio.py'],
    ['Python blocking', 'python3', 'blocking.py'],
  ])('of %s', async (_name, program, script) => {
    const { port } = await startServer(program, [echo(script), 'server', cert, key]);
    expectSample(await recorded(port), CONNECTIONS);
  });

  describeWithRust('of rustls', 'rustls-echo', () => {
    const program = folder.file('rustls-echo');
    beforeAll(() => buildRust('rustls-echo', program, ['ring']), 600_000);

    it('of a program without names', async () => {
      const der = asDer({ cert, key }, folder.path);
      const { port } = await startServer(program, ['server', der.cert, der.key]);
      expectSample(await recorded(port), CONNECTIONS);
    });
  });

  it('of nginx, on either side of it', async () => {
    const port = await startNginxBeforeEcho(folder.path, { cert, key });
    const { exchanges, summary } = await recorded(port);
    const all = exchanges.map(({ exchange }) => exchange);
    const inbound = all.filter(({ connection }) => connection.direction === 'inbound');
    const outbound = all.filter(({ connection }) => connection.direction === 'outbound');
    expectWhole(inbound);
    expect(outbound.flatMap(({ problems }) => problems)).toEqual([]);
    // nginx opens a connection a request to its upstream here.
    const connections = CONNECTIONS + CONNECTIONS * REQUESTS;
    expect(byConnection(all).size + leftOut(summary)).toBe(connections);
    expect(outbound.length).toBeGreaterThan(CONNECTIONS * REQUESTS * 0.2);
    expect(outbound.length).toBeLessThan(CONNECTIONS * REQUESTS * 0.4);
    expect(summary).toMatch(/^ {2}missing {4}nothing$/m);
  });
});
