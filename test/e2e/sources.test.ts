/**
 * One conversation seen by both sources at once: by the kernel's programs, and by tcpdump as packets. Each keeps to what
 * every source has to, and both tell the same bytes of the same connection.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startEbpfSource } from '../../recorder/source/ebpf/source';
import type { OpenEvent, SourceEvent } from '../../recorder/source/events';
import { eventsOf } from '../support/captured';
import { describeE2e } from '../support/e2e';
import { noTargets } from '../support/in-process';
import { apps, temporaryFolder } from '../support/programs';
import { bytesOf, checkEvents, kept } from '../support/source-contract';

const hasTcpdump = spawnSync('tcpdump', ['--version'], { stdio: 'ignore' }).status === 0;
const folder = temporaryFolder();
afterAll(() => folder.remove());

const [requestSize, responseSize, seed] = [200_000, 300_000, 7];

async function recordBoth(): Promise<{ kernel: SourceEvent[]; packets: readonly SourceEvent[]; client: OpenEvent }> {
  const program = folder.file('socket-calls');
  execFileSync('cc', ['-O1', '-Wall', '-o', program, join(apps, 'socket-calls/socket-calls.c')]);
  const file = folder.file('lo.pcap');
  // In a network of its own: what others say on this machine's loopback is not part of it.
  const capture = `ip link set lo up && exec tcpdump -i lo -U --immediate-mode -B 65536 -w ${file} tcp`;
  const tcpdump = spawn('unshare', ['-n', 'sh', '-c', capture], { stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    let said = '';
    for await (const text of tcpdump.stderr) {
      said += text;
      if (said.includes('listening on')) break;
    }
    const kernel: SourceEvent[] = [];
    const sizes = [requestSize, responseSize, seed].map(String);
    const source = startEbpfSource({
      targets: noTargets,
      command: ['nsenter', '-t', String(tcpdump.pid), '-n', program, 'write', 'read', ...sizes],
      onEvents: (events) => kernel.push(...events.map(kept)),
    });
    await source.command?.ended;
    await source.stop();
    const client = kernel.find((event) => event.kind === 'open' && event.role === 'outbound') as OpenEvent;
    // Packets reach the file after the connection is over.
    for (;;) {
      const packets = eventsOf(readFileSync(file), '', 'outbound').events;
      if (isOver(packets, client)) return { kernel, packets, client };
      await setTimeout(20);
    }
  } finally {
    tcpdump.kill('SIGKILL');
  }
}

function twinOf(events: readonly SourceEvent[], { local, remote }: OpenEvent): OpenEvent | undefined {
  return events.find(
    (event): event is OpenEvent => event.kind === 'open' && event.local === local && event.remote === remote,
  );
}

function isOver(events: readonly SourceEvent[], client: OpenEvent): boolean {
  const twin = twinOf(events, client);
  return events.some((event) => event.kind === 'close' && event.connection === twin?.connection);
}

describeE2e('sources', () => {
  (hasTcpdump ? it : it.skip)('tell the same of one conversation (needs tcpdump)', async () => {
    const { kernel, packets, client } = await recordBoth();
    checkEvents(kernel);
    checkEvents(packets);
    const twin = twinOf(packets, client);
    expect(twin).toMatchObject({ role: 'outbound', startedEarlier: false });
    for (const direction of ['sent', 'received'] as const) {
      const seen = bytesOf(kernel, client.connection, direction);
      expect(seen.length).toBeGreaterThan(direction === 'sent' ? requestSize : responseSize);
      expect(bytesOf(packets, twin?.connection ?? 0, direction).equals(seen)).toBe(true);
    }
  });
});
