/**
 * Servers and clients that others wrote, a hundred channels at once: what is on the tape is what both of them say they
 * said, message by message; the same build answers as recorded and a changed one does not; and once the server is
 * stopped, a mock made of the tape says to the client what the server had said.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../replayer/launch/free-port';
import type { RunReport } from '../../replayer/report/report';
import type { Exchange } from '../../tape/model/exchange';
import { describeE2e } from '../support/e2e';
import { faultsOf, mostAtOnce, readGoing, saidIn, saidOn } from '../support/peers';
import { type Certificate, lineFrom, makeCertificate, run, start, stopAll, temporaryFolder } from '../support/programs';
import { environment, outputOf, readTape, startRecording, wiretape } from '../support/recorder';
import { noteRead } from '../support/tls-read';
import { clients, type Pair, pairs, type Server, servers, whyNot } from './pairs';
import { keepRow } from './results';

const CHANNELS = 100;
/** Files are given as fast as they are asked for: how many are on their way at a time is chance there. */
const fewestAtOnce = ({ protocol }: Pair) => (protocol === 'gets' ? 0 : 20);
/** How the case is called that the changed build answers otherwise; a call of gRPC is called by its method. */
const changedName = /(Id\} -> \d+|Upload .*)$/;
const folder = temporaryFolder();
let certificate: Certificate;

beforeAll(() => {
  certificate = makeCertificate(folder.path);
});
afterAll(async () => {
  await stopAll();
  folder.remove();
});

function rowOf({ protocol, server, client, isTls }: Pair) {
  return { kind: 'pair', protocol, server, client, tls: isTls } as const;
}

const asStored = (exchange: Exchange) => ({ exchange });

const named = pairs.map((pair, i) => ({ ...pair, transport: pair.isTls ? 'TLS' : 'plaintext', i }));

describeE2e('a hundred channels', () => {
  const absent = named.filter((pair) => whyNot(pair) !== null);
  const present = named.filter((pair) => whyNot(pair) === null);
  for (const pair of absent) {
    it.skip(`${pair.protocol}, ${pair.server} to ${pair.client}: ${whyNot(pair)}`, () => undefined);
  }
  afterAll(() => {
    for (const pair of absent) keepRow({ ...rowOf(pair), atOnce: null, passed: [], missing: whyNot(pair) });
  });

  describe.each(present)('$protocol, $server to $client, $transport', (pair) => {
    const passed: string[] = [];
    let atOnce: number | null = null;
    const place = join(folder.path, `pair-${pair.i}`);
    const file = (name: string) => join(place, name);
    const inboundTape = file('inbound.tape');
    const outboundTape = file('outbound.tape');
    let inbound: readonly Exchange[] = [];
    let outbound: readonly Exchange[] = [];

    beforeAll(async () => {
      mkdirSync(place, { recursive: true });
      const server = await serve(pair, file('server.log'), false);
      const recording = await startRecording(inboundTape, ['--port', String(server.port)]);
      try {
        const command = clientOf(pair, server.port, file('client.log'), certificate.cert);
        const client = start(wiretape, ['record', '-o', outboundTape, '--', ...command], {
          env: environment,
        });
        client.child.stdout?.resume();
        const status = await client.ended;
        if (status !== 0) throw new Error(`the client ended with ${status}:\n${client.stderr()}`);
      } finally {
        await recording.end();
        await server.stop();
      }
      inbound = readGoing(
        'inbound',
        (await readTape(inboundTape)).map(({ exchange }) => exchange),
      );
      outbound = readGoing(
        'outbound',
        (await readTape(outboundTape)).map(({ exchange }) => exchange),
      );
    }, 120_000);
    afterAll(async () => {
      await stopAll();
      keepRow({ ...rowOf(pair), atOnce, passed, missing: null });
    });

    it('recorded', () => {
      expect(saidIn(file('server.log'))).toEqual(saidIn(file('client.log')));
      expect([faultsOf(inbound), faultsOf(outbound)]).toEqual([[], []]);
      expect(saidOn(inbound)).toEqual(saidIn(file('server.log')));
      expect(saidOn(outbound)).toEqual(saidIn(file('client.log')));
      expect([inbound.length, outbound.length]).toEqual([CHANNELS, CHANNELS]);
      atOnce = mostAtOnce(inbound);
      expect(atOnce).toBeGreaterThan(fewestAtOnce(pair));
      passed.push('recorded');
      noteRead(pair.server.replace(/ before .*/, ''), inbound.map(asStored));
      noteRead(pair.client, outbound.map(asStored));
    });

    it.each([
      ['replayed', false],
      ['changed', true],
    ])(
      '%s',
      async (proof, isChanged) => {
        const server = await serve(pair, file(`${isChanged ? 'changed' : 'same'}.log`), isChanged);
        const target = `${pair.isTls ? 'https' : 'http'}://127.0.0.1:${server.port}`;
        const flags = ['--concurrency', String(CHANNELS), '--json', ...(pair.isTls ? ['--ca', certificate.cert] : [])];
        const { status, stdout, stderr } = await outputOf(
          start(wiretape, ['replay', inboundTape, '--target', target, ...flags], { env: environment }),
        );
        await server.stop();
        const { cases, results } = JSON.parse(stdout || JSON.stringify(stderr)) as RunReport;
        const failed = results.filter(({ verdict }) => verdict !== 'pass');
        const found = failed.map(({ name, verdict, reason, differences }) => ({ name, verdict, reason, differences }));
        const other = { name: expect.stringMatching(changedName), verdict: 'fail', reason: null };
        const expected = isChanged ? [{ ...other, differences: expect.anything() }] : [];
        expect([status, cases, found]).toEqual([isChanged ? 1 : 0, CHANNELS, expected]);
        passed.push(proof);
      },
      120_000,
    );

    it('mocked', async () => {
      const port = await freePort();
      const ca = file('ca.pem');
      const flags = ['--port', String(port), '--ca-out', ca];
      const mock = start(wiretape, ['mock', outboundTape, ...flags], { env: environment });
      const whole = outputOf(mock);
      await lineFrom(mock, mock.child.stderr, new RegExp(`127.0.0.1:${port}`));
      const [command = '', ...args] = clientOf(pair, port, file('mocked.log'), ca);
      await run(command, args);
      await mock.stop('SIGINT');
      const { status, stderr } = await whole;
      expect([saidIn(file('mocked.log')), status, stderr]).toEqual([saidIn(file('client.log')), 0, expect.anything()]);
      passed.push('mocked');
    }, 120_000);

    function serve({ server, protocol, isTls }: Pair, log: string, isChanged: boolean): Promise<Server> {
      return servers[server]({ protocol, tls: isTls ? certificate : null, log, isChanged, folder: place });
    }

    function clientOf({ client, protocol, isTls }: Pair, port: number, log: string, ca: string): readonly string[] {
      const url = `${isTls ? 'https' : 'http'}://127.0.0.1:${port}`;
      return clients[client]({ protocol, url, log, count: CHANNELS, ca: isTls ? ca : null, folder: place });
    }
  });
});
