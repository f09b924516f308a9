/** More TLS connections at once than the kernel's part of the recorder knows: it forgets some, and no exchange of those counts as complete that is not. */
import { join } from 'node:path';
import { startEbpfSource } from '../../recorder/source/ebpf/source';
import type { Exchange } from '../../tape/model/exchange';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { gatheringPipeline, noTargets } from '../support/in-process';
import { markersOf } from '../support/markers';
import { apps, makeCertificate, run, startServer, stopAll, temporaryFolder } from '../support/programs';

const CONNECTIONS = 400;
const ROUNDS = 3;
const KNOWN = 128;
const echo = (name: string) => join(apps, 'echo', name);
const folder = temporaryFolder();

afterEach(stopAll);
afterAll(() => folder.remove());

interface Outcome {
  readonly exchanges: readonly Exchange[];
  /** Of both directions, on connections of TLS: whose plaintext was not seen. */
  readonly unaccountedBytes: number;
}

async function recordMany(program: string, script: string, tlsObjects: number): Promise<Outcome> {
  const { cert, key } = makeCertificate(folder.path);
  const server = await startServer(program, [echo(script), 'server', cert, key]);
  const { pipeline, exchanges } = gatheringPipeline();
  const onEvents = pipeline.push.bind(pipeline);
  const source = startEbpfSource({ targets: { ...noTargets, pids: [server.pid] }, tlsObjects, onEvents });
  try {
    await source.settled();
    await run(process.execPath, [echo('many.js'), String(server.port), String(CONNECTIONS), String(ROUNDS)]);
  } finally {
    await source.stop();
  }
  pipeline.end(source.nowUs());
  return { exchanges, unaccountedBytes: pipeline.stats().lostBytes.unaccounted ?? 0 };
}

const isComplete = ({ problems, protocol }: Exchange) => protocol === 'http1' && problems.length === 0;
const nameOf = (exchange: Exchange) => httpIn(exchange).request?.target;

describeE2e('more TLS connections than the kernel knows', () => {
  it.each([
    ['Node.js', process.execPath, 'node.js'],
    ['Python asyncio', 'python3', 'with_asyncio.py'],
  ])('are in doubt, and counted: %s', async (_, program, script) => {
    const { exchanges, unaccountedBytes } = await recordMany(program, script, KNOWN);
    const complete = exchanges.filter(isComplete);
    expect(complete.map(markersOf).filter((marker) => marker.startsWith('mixed up'))).toEqual([]);
    expect(new Set(complete.map(nameOf)).size).toBe(complete.length);
    expect(complete.length).toBeLessThan(CONNECTIONS * ROUNDS);
    expect(unaccountedBytes).toBeGreaterThan(0);
  });

  it('are whole where it knows all of them', async () => {
    const { exchanges, unaccountedBytes } = await recordMany(process.execPath, 'node.js', 4 * CONNECTIONS);
    expect(exchanges.filter(isComplete).map(markersOf)).toHaveLength(CONNECTIONS * ROUNDS);
    expect(unaccountedBytes).toBe(0);
  });
});
