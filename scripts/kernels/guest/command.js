/**
 * A command recorded to its end: plaintext by every call that moves it, and what curls that it starts say over TLS and
 * over a unix socket. What can be read is compared byte for byte at both ends; what cannot must say so.
 */

const fs = require('node:fs');
const path = require('node:path');
const {
  apps,
  bodyHash,
  demand,
  readTape,
  seededBytes,
  sha256,
  start,
  statusOf,
  WrongRecording,
  wiretape,
} = require('./lib');

const socketCalls = path.join(apps, 'socket-calls/socket-calls');
const SEED = 7;
let attempts = 0;

/** @typedef {{ send: string, receive: string, request: number, response: number, trick: string, reads: boolean }} Run */

/** @param {string} send @param {string} receive @param {Partial<Run>} [more] @returns {Run} */
function run(send, receive, more = {}) {
  return { send, receive, request: 70_001, response: 200_003, trick: 'none', reads: true, ...more };
}

/** @type {readonly Run[]} */
const readRuns = [
  ...['write', 'writev', 'send', 'sendto', 'sendmsg', 'sendmmsg', 'zerocopy'].map((send) => run(send, 'read')),
  ...['readv', 'recv', 'recvfrom', 'recvmsg', 'recvmmsg', 'peek-then-read'].map((receive) => run('write', receive)),
  ...[0, 1, 4095, 32_769, 4 << 20].map((size) => run('write', 'recv', { request: size, response: size })),
  ...['dup', 'fork', 'ipv6', 'small-buffer'].map((trick) => run('write', 'read', { trick })),
];

/** What lies in no memory is read where packets are looked at. @param {boolean} takesPackets @returns {readonly Run[]} */
function runsWhere(takesPackets) {
  return [
    ...readRuns,
    ...['sendfile', 'splice'].map((send) => run(send, 'read', { reads: takesPackets })),
    run('write', 'splice', { reads: false }),
  ];
}

/**
 * @typedef {{ port: number, socket: string, body: string }} Echoes
 * `port` of a TLS server that echoes, `socket` the path of one without TLS
 * @param {{ tier: string, takesPackets: boolean, folder: string, echoes: Echoes | null }} where
 */
async function recordCommand({ tier, takesPackets, folder, echoes }) {
  const runs = runsWhere(takesPackets);
  const unread = runs.filter(({ reads }) => !reads).length;
  const tape = path.join(folder, `command-${tier}-${++attempts}.tape`);
  const script = path.join(folder, 'all.sh');
  const curls = echoes === null ? [] : curlsTo(echoes);
  fs.writeFileSync(script, `${['set -e', ...runs.map(lineOf), ...curls].join('\n')}\n`);
  const program = start(wiretape, ['record', '--tier', tier, '-o', tape, '--', 'sh', script]);
  const status = await statusOf(program);
  demand(status === 0, `record ended with ${status}:\n${program.said()}`);
  const exchanges = await readTape(tape);
  const problems = [...checkRuns(runs, exchanges), ...(echoes === null ? [] : checkCurls(exchanges, echoes))];
  demand(problems.length === 0, `${problems.slice(0, 8).join('\n')}\n${program.said()}`);
  const others = echoes === null ? '' : ', 1 over TLS, 1 over a unix socket';
  return `${2 * (runs.length - unread)} exchanges in plaintext${others} by SHA-256; ${2 * unread} marked as unread`;
}

/** @param {Echoes} echoes */
function curlsTo({ port, socket, body }) {
  const curl = `curl -sSk -o /dev/null -H Expect: -H 'Content-Type: application/octet-stream' --data-binary @${body}`;
  return [`${curl} https://127.0.0.1:${port}/by-tls`, `${curl} --unix-socket ${socket} http://localhost/by-unix`];
}

/** @param {any[]} exchanges @param {Echoes} echoes */
function checkCurls(exchanges, { body }) {
  return [
    ...checkCurl(exchanges, { target: '/by-tls', tls: true, body }),
    ...checkCurl(exchanges, { target: '/by-unix', tls: false, body }),
  ];
}

/** @param {Run} run */
function lineOf({ send, receive, request, response, trick }) {
  return `${socketCalls} ${send} ${receive} ${request} ${response} ${SEED} ${trick}`;
}

/** @param {readonly Run[]} runs @param {any[]} exchanges @returns {string[]} */
function checkRuns(runs, exchanges) {
  const plain = exchanges.filter(({ connection }) => connection.tls === null);
  return runs.flatMap((one, i) => {
    const nth = runs.slice(0, i).filter(({ send, receive }) => send === one.send && receive === one.receive).length;
    return ['outbound', 'inbound'].flatMap((direction) => {
      const same = plain.filter(
        ({ connection, request }) =>
          connection.direction === direction && request?.target === `/${one.send}/${one.receive}`,
      );
      return checkRun(one, same[nth]).map((problem) => `${lineOf(one)}, ${direction}: ${problem}`);
    });
  });
}

/** @param {Run} run @param {any} exchange @returns {string[]} */
function checkRun({ request, response, reads }, exchange) {
  if (exchange === undefined) return ['not on the tape'];
  if (!reads) return exchange.problems.includes('unread-bytes') ? [] : [`not marked as unread: ${exchange.problems}`];
  if (exchange.problems.length > 0) return [`not whole: ${exchange.problems}`];
  const isExact =
    bodyHash(exchange.request) === sha256(seededBytes(request, SEED)) &&
    bodyHash(exchange.response) === sha256(seededBytes(response, SEED + 1));
  if (!isExact) throw new WrongRecording(`${exchange.request?.target} counts as complete and is not byte for byte`);
  return [];
}

/** @param {any[]} exchanges @param {{ target: string, tls: boolean, body: string }} call @returns {string[]} */
function checkCurl(exchanges, { target, tls, body }) {
  const hash = sha256(fs.readFileSync(body));
  const found = exchanges.filter(({ request }) => request?.target === target);
  const whole = found.filter(
    ({ connection, problems, request, response }) =>
      (connection.tls !== null) === tls &&
      problems.length === 0 &&
      bodyHash(request) === hash &&
      bodyHash(response) === hash,
  );
  return found.length === 1 && whole.length === 1
    ? []
    : [`curl ${target}: ${found.length} on the tape, ${whole.length} whole`];
}

module.exports = { recordCommand };
