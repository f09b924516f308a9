/** A ring that is far too small, and nobody draining it: what is lost is counted to the byte, and nothing lost looks whole. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { CaptureStats } from '../../native/binding';
import { startEbpfSource } from '../../recorder/source/ebpf/source';
import type { SourceEvent } from '../../recorder/source/events';
import type { Exchange } from '../../tape/model/exchange';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { gatheringPipeline, noTargets } from '../support/in-process';
import { apps, seededBytes, temporaryFolder } from '../support/programs';
import { bodyHash, sha256 } from '../support/recorder';

const REQUEST = 300_000;
const RESPONSE = 500_000;
const RUNS = 5;
const SEED = 7;
/** One run goes before the others and fits into the ring: it is lost by nobody. */
const SMALL_REQUEST = 1000;
const SMALL_RESPONSE = 2000;
const SMALL_SEED = 70;
const folder = temporaryFolder();

afterAll(() => folder.remove());

interface Outcome {
  readonly events: readonly SourceEvent[];
  readonly exchanges: readonly Exchange[];
  readonly stats: CaptureStats;
}

/** The exchanges of both ends over a ring of 64 KiB that is drained only now and then. */
async function recordThroughTinyRing(): Promise<Outcome> {
  const program = folder.file('socket-calls');
  execFileSync('cc', ['-O1', '-Wall', '-o', program, join(apps, 'socket-calls/socket-calls.c')]);
  const small = `${program} write read ${SMALL_REQUEST} ${SMALL_RESPONSE} ${SMALL_SEED}\n`;
  const large = `${program} write read ${REQUEST} ${RESPONSE} ${SEED}\n`;
  const script = folder.write('runs.sh', `${small}${large.repeat(RUNS)}`);
  const events: SourceEvent[] = [];
  const { pipeline, exchanges } = gatheringPipeline();
  const source = startEbpfSource({
    targets: noTargets,
    command: ['sh', script],
    ringBytes: 1 << 16,
    onEvents: (told) => {
      events.push(...told);
      pipeline.push(told);
    },
  });
  source.pause(true);
  await source.command?.ended;
  source.pause(false);
  const stats = source.stats();
  await source.stop();
  pipeline.end(Date.now() * 1000);
  return { events, exchanges, stats };
}

/** Bytes one run moves, as each end sees them: the heads are as long as the fixture writes them. */
function bytesOfOneEnd(port: number, requestSize: number, responseSize: number): number {
  const type = 'Content-Type: application/octet-stream\r\nContent-Length: ';
  const request = `POST /write/read HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${type}${requestSize}\r\n\r\n`;
  const response = `HTTP/1.1 200 OK\r\n${type}${responseSize}\r\n\r\n`;
  return request.length + requestSize + response.length + responseSize;
}

function hashesOf(requestSize: number, responseSize: number, seed: number): readonly string[] {
  return [sha256(seededBytes(requestSize, seed)), sha256(seededBytes(responseSize, seed + 1))];
}

describeE2e('a recorder that cannot keep up', () => {
  let outcome: Outcome;
  beforeAll(async () => {
    outcome = await recordThroughTinyRing();
  });

  it('loses bytes, and counts every one of them', () => {
    const captured = outcome.events.reduce((sum, event) => sum + (event.kind === 'data' ? event.bytes.length : 0), 0);
    const lost = outcome.stats.ringFullBytes + outcome.stats.leftOutBytes;
    expect(outcome.stats.ringFullBytes).toBeGreaterThan(500_000);
    expect(lost).toBeGreaterThan(1_000_000);
    // Ports of the ephemeral range have five digits, so every run moves the same number of bytes at both ends.
    const moved =
      RUNS * bytesOfOneEnd(50_000, REQUEST, RESPONSE) + bytesOfOneEnd(50_000, SMALL_REQUEST, SMALL_RESPONSE);
    expect(captured + lost).toBe(2 * moved);
  });

  it('says of no exchange that it is complete unless it is', () => {
    const right = new Map([
      [SMALL_REQUEST, hashesOf(SMALL_REQUEST, SMALL_RESPONSE, SMALL_SEED)],
      [REQUEST, hashesOf(REQUEST, RESPONSE, SEED)],
    ]);
    const complete = outcome.exchanges.filter(
      ({ problems, protocol }) => protocol === 'http1' && problems.length === 0,
    );
    expect(complete.length).toBeGreaterThanOrEqual(2); // the small one, at both of its ends
    for (const { request, response } of complete.map(httpIn)) {
      expect([bodyHash(request?.body), bodyHash(response?.body)]).toEqual(right.get(request?.body.wireSize ?? 0));
    }
    expect(outcome.exchanges.filter(({ problems }) => problems.includes('lost-bytes')).length).toBeGreaterThan(0);
  });
});
