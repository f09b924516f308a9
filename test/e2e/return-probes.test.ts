/**
 * Return probes under seccomp filters. Whether they harm is found out on this very kernel; where they would, TLS is
 * left unread and told so: a connection never vanishes because half of its probes were placed.
 */
import { join } from 'node:path';
import { tryReturnProbe } from '../../native/binding';
import type { ReturnProbeFacts } from '../../recorder/source/ebpf/attach/return-probes';
import type { ProbeReport } from '../../recorder/source/ebpf/live/probe-set';
import { startEbpfSource } from '../../recorder/source/ebpf/source';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { gatheringPipeline, noTargets } from '../support/in-process';
import { apps, makeCertificate, startServer, stopAll, temporaryFolder } from '../support/programs';

const folder = temporaryFolder();

afterEach(stopAll);
afterAll(() => folder.remove());

/** The exchanges of a curl over TLS that is recorded as a command, and what became of its probes. */
async function recordCurl(returnProbes: ReturnProbeFacts) {
  const { cert, key } = makeCertificate(folder.path);
  const server = await startServer(process.execPath, [join(apps, 'echo/node.js'), 'server', cert, key]);
  const probes: ProbeReport[] = [];
  const { pipeline, exchanges } = gatheringPipeline();
  const source = startEbpfSource({
    targets: noTargets,
    command: ['curl', '-sSk', '-o', '/dev/null', '-d', 'hello', `https://127.0.0.1:${server.port}/hello`],
    returnProbes,
    onEvents: (events) => pipeline.push(events),
    onProbe: (report) => probes.push(report),
  });
  await source.command?.ended;
  await source.stop();
  pipeline.end(Date.now() * 1000);
  return { exchanges, probes };
}

describeE2e('return probes', () => {
  it('are tried on a child with a seccomp filter, which this kernel lets live', () => {
    expect(tryReturnProbe()).toEqual({ outcome: 'safe', detail: 'a child with a seccomp filter lives' });
  });

  it('read the TLS of a command where they are safe', async () => {
    const { exchanges } = await recordCurl(tryReturnProbe());
    expect(exchanges.map((one) => [httpIn(one).request?.target, one.problems])).toEqual([['/hello', []]]);
  });

  it('are left out with all others of the library where they would harm, and the connection says that it is unread', async () => {
    const { exchanges, probes } = await recordCurl({ outcome: 'killed', detail: 'ended by signal 31' });
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]).toMatchObject({ protocol: 'raw', problems: expect.arrayContaining(['encrypted']) });
    expect(probes.filter(({ outcome }) => outcome === 'attached')).toEqual([]);
    const refused = probes.filter(({ image }) => image.startsWith('libssl.so'));
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.detail).toContain('would end a process with a seccomp filter here (ended by signal 31)');
  });
});
