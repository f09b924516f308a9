/**
 * Go's crypto/tls, byte for byte: a real server and real clients of net/http, stripped and position-independent as people ship
 * them, attached before their start, by pid, and in the middle of what they say.
 */
import { chmodSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Exchange } from '../../tape/model/exchange';
import type { StoredExchange } from '../../tape/store/tape';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { type Echoed, expectApart, expectEchoes, writeEchoBodies } from '../support/echo-traffic';
import { buildGo, describeWithGo } from '../support/go';
import { programIdsOf, untilFreed } from '../support/kernel-programs';
import { markersOf } from '../support/markers';
import {
  type Certificate,
  lineFrom,
  makeCertificate,
  type Program,
  run,
  saidOnStderr,
  start,
  startServer,
  stopAll,
  temporaryFolder,
} from '../support/programs';
import { readTape, recordCommand, recordDuring, startRecording } from '../support/recorder';

const SIZES = [0, 1, 1024, 16_383, 16_384, 16_385, 100_000, 1 << 20, 8 << 20];
const BUILD_MS = 300_000;
const CUT: readonly string[] = ['started-mid-stream', 'cut-short', 'no-response'];
const folder = temporaryFolder();
const stripped = folder.file('stripped');
const pie = folder.file('pie');
const linkedByC = 'stripped, position-independent and linked by the C linker';
let certificate: Certificate;
let files: readonly string[];

afterEach(stopAll);
afterAll(() => folder.remove());

function expectWhole(exchanges: readonly StoredExchange[], known: Omit<Echoed, 'sizes' | 'library'>): void {
  expectEchoes(exchanges, { sizes: SIZES, library: 'go', ...known });
}

function startGo(program: string) {
  return startServer(program, ['server', certificate.cert, certificate.key]);
}

const urlOf = ({ port }: { port: number }) => `https://127.0.0.1:${port}`;

describeE2e('Go', () => {
  describeWithGo("with the standard library's TLS", () => {
    beforeAll(() => {
      certificate = makeCertificate(folder.path);
      files = writeEchoBodies(folder, SIZES);
      buildGo('go-tls', stripped, 'stripped');
      buildGo('go-tls', pie, 'stripped pie of the C linker');
    }, BUILD_MS);

    describe.each([
      ['HTTP/1.1', 'http1'],
      ['HTTP/2', 'http2'],
    ])('over %s', (_, protocol) => {
      it('servers have every body whole in both directions (stripped; position-independent and linked by the C linker)', async () => {
        const servers = await Promise.all([stripped, pie].map(startGo));
        const recorded = await recordDuring(
          servers.flatMap(({ port }) => ['--port', String(port)]),
          async () => {
            for (const server of servers) await run(stripped, ['client', urlOf(server), protocol, ...files]);
          },
        );
        expect(recorded.status).toBe(0);
        const byServer = Map.groupBy(recorded.exchanges, ({ exchange }) => exchange.connection.process?.pid);
        expect([...byServer.keys()]).toEqual(servers.map(({ pid }) => pid));
        for (const [pid, exchanges] of byServer)
          expectWhole(exchanges, {
            of: pid === servers[0]?.pid ? 'stripped' : linkedByC,
            direction: 'inbound',
            protocol,
          });
        expect(recorded.summary).toMatch(/^ {2}missing {4}nothing$/m);
      });

      it.each([
        ['stripped', stripped],
        [linkedByC, pie],
      ])('a client, recorded from its first instruction, has them too (%s)', async (of, program) => {
        const server = await startGo(stripped);
        const recorded = await recordCommand([program, 'client', urlOf(server), protocol, ...files]);
        expect(recorded.status).toBe(0);
        expectWhole(recorded.exchanges, { of, direction: 'outbound', protocol });
        expect(recorded.summary).toMatch(/^ {2}missing {4}nothing$/m);
      });
    });

    it.each([
      ['', []],
      [', also where TLS is spoken over a type that leads to no descriptor', ['wrapped']],
    ])('keeps fifty connections at once apart, on either side%s', async (_, how) => {
      const [connections, rounds] = [50, 10];
      const server = await startServer(pie, ['server', certificate.cert, certificate.key, ...how]);
      const work = ['many', urlOf(server), String(connections), String(rounds), ...how];
      const inbound = await recordDuring(['--pid', String(server.pid)], () => run(stripped, work));
      const outbound = await recordCommand([stripped, ...work]);
      for (const { exchanges } of [inbound, outbound]) {
        expectApart(exchanges, connections, rounds);
      }
    });

    it('goes on with a connection whose keys are changed in its midst', async () => {
      const server = await startGo(stripped);
      const recorded = await recordDuring(['--port', String(server.port)], async () => {
        const address = ['s_client', '-connect', `127.0.0.1:${server.port}`];
        const client = start('openssl', address, { stdio: ['pipe', 'pipe', 'pipe'] });
        for (const [i, name] of ['first', 'second', 'third'].entries()) {
          const answered = lineFrom(client, client.child.stdout, new RegExp(`<${name}>`));
          client.child.stdin?.write(requestOf(name));
          await answered;
          const changed = saidOnStderr(client, new RegExp(`(?:KEYUPDATE[^]*){${i + 1}}`));
          client.child.stdin?.write('K\n'); // both sides: the server is asked for new keys too
          await changed;
        }
        client.child.stdin?.end(requestOf('last', 'close'));
        await client.ended;
      });
      const seen = recorded.exchanges.map(({ exchange }) => [httpIn(exchange).request?.target, exchange.problems]);
      expect(seen).toEqual(['first', 'second', 'third', 'last'].map((name) => [`/${name}`, []]));
      expect(recorded.summary).toMatch(/^ {2}missing {4}nothing$/m);
    });

    it('keeps what is said through a proxy that is itself spoken to over TLS', async () => {
      const server = await startGo(stripped);
      const proxy = await startServer(stripped, ['proxy', certificate.cert, certificate.key]);
      const { exchanges } = await recordCommand([pie, 'through', urlOf(proxy), urlOf(server), '3']);
      const seen = exchanges.map(({ exchange }) => exchange).filter(({ protocol }) => protocol === 'http1');
      const [connect, ...others] = seen;
      expect(httpIn(connect as Exchange).request?.method).toBe('CONNECT');
      expect(others.map(markersOf)).toEqual(['inner', 'inner', 'inner']);
      expect(seen.flatMap(({ problems }) => problems)).toEqual([]);
      expect(new Set(seen.map(({ connection }) => connection.key)).size).toBe(1);
    });

    it('says of a program in which no function reads that it is not read', async () => {
      const bytes = readFileSync(stripped);
      // The runtime looks at no name unless it is asked for one.
      bytes.write('tls.(*Conn).Dear\0', bytes.indexOf('tls.(*Conn).Read\0'));
      const changed = folder.write('changed', bytes);
      chmodSync(changed, 0o755);
      const server = await startGo(changed);
      const recorded = await recordDuring(['-v', '--allow-empty', '--port', String(server.port)], () =>
        run(stripped, ['client', urlOf(server), 'http1', ...files]),
      );
      expect(
        recorded.exchanges.map(({ exchange }) => [
          // The server may not have closed the connection yet when the recording ends.
          exchange.problems.filter((problem) => problem !== 'cut-short'),
          exchange.connection.unreadTls,
          exchange.connection.tls,
        ]),
      ).toEqual([[['encrypted'], { library: 'Go crypto/tls', reason: 'not-read' }, null]]);
      expect(recorded.summary).toMatch(
        /refused +changed +crypto\/tls\.\(\*Conn\)\.Read .*the file defines no such function/,
      );
    });

    it('is picked up in the middle of a connection, at its next request', async () => {
      const server = await startGo(pie);
      const client = start(stripped, ['steps', urlOf(server)], { stdio: ['pipe', 'pipe', 'pipe'] });
      await step(client, 'before');
      const recording = await startRecording(folder.file('older.tape'), ['--pid', String(server.pid)]);
      for (const name of ['one', 'two', 'three']) await step(client, name);
      client.child.stdin?.end();
      await client.ended;
      expect(await recording.end()).toBe(0);
      const seen = (await readTape(recording.tape)).map(({ exchange }) => exchange);
      expect(seen.map((exchange) => httpIn(exchange).request?.target)).toEqual(['/one', '/two', '/three']);
      expect(seen.map(({ problems }) => problems)).toEqual([[], [], []]);
      expect(seen.map(({ connection }) => connection.tls?.library)).toEqual(['go', 'go', 'go']);
      expect(JSON.stringify(seen)).not.toContain('before');
    });

    it('is attached to under load without an error, and what it calls complete is right', async () => {
      const server = await startGo(stripped);
      const load = await startLoad(server);
      const recording = await startRecording(folder.file('load.tape'), ['--pid', String(server.pid)]);
      await tapeHolds(recording.tape, 300);
      expect(await load.end()).toBe(0);
      await recording.end();
      const seen = (await readTape(recording.tape)).map(({ exchange }) => exchange);
      const complete = seen.filter(({ problems }) => problems.length === 0);
      expect(complete.length).toBeGreaterThan(seen.length / 2);
      // What was under way on the six connections may be cut; whatever else is missing would be a fault.
      const others = seen.flatMap(({ problems }) => problems).filter((problem) => !CUT.includes(problem));
      expect(others).toEqual([]);
      expect(complete.map(markersOf).filter((marker) => !/^m\d$/.test(marker))).toEqual([]);
    });

    it('is unharmed by recorders that are killed under load, one after the other', async () => {
      const server = await startGo(pie);
      const load = await startLoad(server);
      for (let round = 0; round < 20; round++) {
        const recording = await startRecording(folder.file(`killed-${round}.tape`), ['--pid', String(server.pid)]);
        if (round % 5 === 0) await tapeHolds(recording.tape, 20);
        const loaded = programIdsOf(recording.program.pid);
        expect(loaded.length).toBeGreaterThan(5);
        await recording.program.stop('SIGKILL');
        await untilFreed(loaded, folder);
      }
      expect(await load.end()).toBe(0);
    }, 300_000);
  });
});

function requestOf(name: string, connection = 'keep-alive'): string {
  const body = `<${name}>\n`;
  const head = [`POST /${name} HTTP/1.1`, 'Host: localhost', `Connection: ${connection}`];
  return `${head.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

async function step(client: Program, name: string): Promise<void> {
  const answered = lineFrom(client, client.child.stdout, new RegExp(`^answered ${name}$`));
  client.child.stdin?.write(`${name}\n`);
  await answered;
}

/** Six connections that ask without a pause worth speaking of; `end` resolves with the number of errors. */
async function startLoad(server: { port: number }) {
  const client = start(stripped, ['load', urlOf(server), '6'], { stdio: ['pipe', 'pipe', 'pipe'] });
  await lineFrom(client, client.child.stdout, /^loading$/);
  const end = async () => {
    const said = lineFrom(client, client.child.stdout, /^answered (\d+) failed (\d+)$/);
    client.child.stdin?.end();
    const [, answered, failed] = await said;
    expect(Number(answered)).toBeGreaterThan(0);
    return Number(failed);
  };
  return { end };
}

/** Waits until that many exchanges can be read; the recorder writes at least once a second. */
async function tapeHolds(tape: string, count: number): Promise<void> {
  while ((await readTape(tape)).length < count) await pause(20);
}
