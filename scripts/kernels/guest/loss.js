/**
 * A ring of 64 KiB that nobody drains while 8 MB pass: every byte is captured or counted, and nothing that was touched
 * counts as complete. Run as a process of its own: node loss.js TIER
 */

const path = require('node:path');
const { apps, bodyHash, built, demand, seededBytes, sha256 } = require('./lib');

const SIZES = { request: 300_000, response: 500_000 };
const RUNS = 5;
const SEED = 7;

/** @param {string} tier */
async function loseBytes(tier) {
  const { startEbpfSource } = built('recorder/source/ebpf/source.js');
  const { createPipeline } = built('recorder/pipeline.js');
  /** @type {any[]} */
  const exchanges = [];
  let captured = 0;
  const pipeline = createPipeline({
    redact: (/** @type {any} */ exchange) => ({ exchange, entries: [] }),
    onExchange: (/** @type {any} */ { exchange }) => exchanges.push(exchange),
    onLoss: () => undefined,
  });
  const program = `${path.join(apps, 'socket-calls/socket-calls')} write read ${SIZES.request} ${SIZES.response} ${SEED}`;
  const source = startEbpfSource({
    targets: { pids: [], comms: [], ports: [], cgroups: [], containers: [], all: false },
    command: ['sh', '-c', Array(RUNS).fill(program).join('; ')],
    tier,
    ringBytes: 1 << 16,
    onEvents: (/** @type {any[]} */ events) => {
      for (const event of events) captured += event.kind === 'data' ? event.bytes.length : 0;
      pipeline.push(events);
    },
  });
  source.pause(true);
  await source.command.ended;
  source.pause(false);
  const { ringFullBytes, leftOutBytes, missed } = source.stats();
  await source.stop();
  pipeline.end(Date.now() * 1000);
  return { captured, lost: ringFullBytes + leftOutBytes, skipped: missed.data, exchanges };
}

/** Bytes one run moves, as each end sees them: the heads are as long as the fixture writes them. */
function bytesOfOneEnd() {
  const type = 'Content-Type: application/octet-stream\r\nContent-Length: ';
  const request = `POST /write/read HTTP/1.1\r\nHost: 127.0.0.1:50000\r\n${type}${SIZES.request}\r\n\r\n`;
  const response = `HTTP/1.1 200 OK\r\n${type}${SIZES.response}\r\n\r\n`;
  return request.length + SIZES.request + response.length + SIZES.response;
}

/** @param {any[]} exchanges */
function wronglyComplete(exchanges) {
  const request = sha256(seededBytes(SIZES.request, SEED));
  const response = sha256(seededBytes(SIZES.response, SEED + 1));
  return exchanges.filter(
    (one) =>
      one.protocol === 'http1' &&
      one.problems.length === 0 &&
      (bodyHash(one.request) !== request || bodyHash(one.response) !== response),
  );
}

async function main() {
  const [tier = ''] = process.argv.slice(2);
  const { captured, lost, skipped, exchanges } = await loseBytes(tier);
  const all = 2 * RUNS * bytesOfOneEnd();
  demand(wronglyComplete(exchanges).length === 0, 'an exchange counts as complete and is not');
  demand(lost > 1_000_000, `only ${lost} bytes were lost: this proves nothing`);
  demand(skipped === 0, `${skipped} events the kernel did not run a program for`);
  demand(captured + lost === all, `${captured} captured and ${lost} counted as lost are not the ${all} that moved`);
  demand(
    exchanges.some(({ problems }) => problems.includes('lost-bytes')),
    'no exchange says that bytes were lost',
  );
  process.stdout.write(`${lost} of ${all} bytes lost, all of them counted, none of it complete and wrong\n`);
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
