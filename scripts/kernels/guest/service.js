/**
 * Two services over TLS, recorded by their ports and killed with kill -9 under way: nginx on the shared OpenSSL, which
 * passes on to Node.js with its own. Everything that was on the tape stays, byte for byte; nothing of the recorder is
 * left in the kernel; and the services go on.
 */

const fs = require('node:fs');
const path = require('node:path');
const {
  bodyHash,
  demand,
  heard,
  readTape,
  sha256,
  start,
  statusOf,
  until,
  WrongRecording,
  wiretape,
} = require('./lib');

/**
 * @typedef {{ nginx: number, node: number }} Ports
 * @typedef {{ tier: string, folder: string, ports: Ports, bodies: readonly string[] }} Where
 */

let attempts = 0;
/** nginx serves and calls, Node.js serves. */
const everyWhere = { inbound: 2, outbound: 1 };

/** @param {Where} where */
async function recordServices({ tier, folder, ports, bodies }) {
  const tape = path.join(folder, `service-${tier}-${++attempts}.tape`);
  const targets = ['--port', String(ports.nginx), '--port', String(ports.node)];
  const recorder = start(wiretape, ['record', '--tier', tier, '-o', tape, ...targets]);
  await heard(recorder, /^recording /m);
  demand(programsInKernel() > 0, 'none of its programs is in /proc/kallsyms while it runs');
  await post(ports.nginx, bodies);
  const wanted = 3 * bodies.length;
  // An exchange is on the tape, as open, before it is whole.
  const isThere = await until(
    async () => fs.existsSync(tape) && checkTape(await readTape(tape), bodies, everyWhere).length === 0,
    recorder,
  );
  if (!isThere) {
    await recorder.kill('SIGINT'); // so that it says why
    throw new Error(
      `${checkTape(await readTape(tape), bodies, everyWhere)
        .slice(0, 8)
        .join('\n')}\n${recorder.said()}`,
    );
  }
  await recorder.kill('SIGKILL');
  await until(() => programsInKernel() === 0);
  demand(programsInKernel() === 0, `${programsInKernel()} of its programs outlive it`);
  demand(leftInTracefs() === '', `it left in tracefs: ${leftInTracefs()}`);
  await post(ports.nginx, bodies.slice(0, 1));
  const problems = checkTape(await readTape(tape), bodies, everyWhere);
  demand(problems.length === 0, `${problems.slice(0, 8).join('\n')}\n${recorder.said()}`);
  return `${wanted} exchanges over TLS by SHA-256, all on the tape after kill -9`;
}

/** All over one connection. @param {number} port @param {readonly string[]} bodies @param {readonly string[]} options of curl */
async function post(port, bodies, options = []) {
  const transfers = bodies.map((file) => [
    ...options,
    ...['-sSk', '-o', '/dev/null', '-H', 'Expect:', '-H', 'Content-Type: application/octet-stream'],
    ...['--data-binary', `@${file}`, `https://127.0.0.1:${port}/${path.basename(file)}`],
  ]);
  const client = start(
    'curl',
    transfers.flatMap((one, i) => (i === 0 ? one : ['--next', ...one])),
  );
  const status = await statusOf(client);
  demand(status === 0, `curl ended with ${status}: ${client.said()}`);
}

/**
 * What is not as it must be of the exchanges that carried these bodies; `directions` how often each is to be there.
 * @param {any[]} exchanges @param {readonly string[]} bodies @param {Readonly<Record<string, number>>} directions @returns {string[]}
 */
function checkTape(exchanges, bodies, directions) {
  return bodies.flatMap((file) => {
    const hash = sha256(fs.readFileSync(file));
    return Object.entries(directions).flatMap(([direction, times]) => {
      const whole = exchanges.filter(
        ({ connection, problems, request }) =>
          connection.direction === direction &&
          connection.tls !== null &&
          request?.target === `/${path.basename(file)}` &&
          problems.length === 0,
      );
      if (whole.some(({ request, response }) => bodyHash(request) !== hash || bodyHash(response) !== hash)) {
        throw new WrongRecording(`${path.basename(file)}, ${direction}: counts as complete and is not byte for byte`);
      }
      return whole.length === times ? [] : [`${path.basename(file)}, ${direction}: ${whole.length} of ${times} whole`];
    });
  });
}

/** Compiled programs show with the names that ours begin with. */
function programsInKernel() {
  return (fs.readFileSync('/proc/kallsyms', 'latin1').match(/\bbpf_prog_[0-9a-f]{16}_wt_/g) ?? []).length;
}

function leftInTracefs() {
  const events = ['kprobe_events', 'uprobe_events'].map((name) => path.join('/sys/kernel/tracing', name));
  return events.map((file) => (fs.existsSync(file) ? fs.readFileSync(file, 'latin1') : '')).join('');
}

module.exports = { checkTape, post, recordServices };
