/**
 * TLS whose records the kernel makes and opens (kTLS): nginx towards its clients and, as a client itself, towards Node.js. What
 * passes through the functions of OpenSSL is compared byte for byte; a file that goes out by SSL_sendfile must say that it
 * was not read, with its size.
 */

const fs = require('node:fs');
const path = require('node:path');
const { demand, heard, readTape, start, statusOf, until, wiretape } = require('./lib');
const { checkTape, post } = require('./service');

let attempts = 0;

/** @param {{ tier: string, folder: string, port: number, bodies: readonly string[] }} where `port` of nginx with kTLS */
async function recordKernelTls({ tier, folder, port, bodies }) {
  const tape = path.join(folder, `kernel-tls-${tier}-${++attempts}.tape`);
  const recorder = start(wiretape, ['record', '--tier', tier, '-o', tape, '--port', String(port)]);
  await heard(recorder, /^recording /m);
  const before = sessions();
  // Both ways in the kernel by TLS 1.2; by 1.3 OpenSSL 3.0 leaves what comes in to itself.
  await post(port, bodies, ['--tls-max', '1.2']);
  const both = sessions();
  demand(both.sent > before.sent && both.received > before.received, `nginx did not use kTLS: ${JSON.stringify(both)}`);
  await post(port, bodies.slice(0, -1));
  const file = bodies.at(-1) ?? '';
  const download = start('curl', ['-sSk', '-o', '/dev/null', `https://127.0.0.1:${port}/files/${path.basename(file)}`]);
  demand((await statusOf(download)) === 0, `curl: ${download.said()}`);
  demand(sessions().sent > both.sent, `nginx did not use kTLS by TLS 1.3: ${JSON.stringify(sessions())}`);
  const problems = async () => {
    const exchanges = await readTape(tape);
    return [...checkPosts(exchanges, bodies), ...checkFile(exchanges, file)];
  };
  await until(async () => fs.existsSync(tape) && (await problems()).length === 0, recorder);
  await recorder.kill('SIGINT');
  const wrong = await problems();
  demand(wrong.length === 0, `${wrong.slice(0, 8).join('\n')}\n${recorder.said()}`);
  return `${4 * bodies.length - 2} exchanges by SHA-256, of a server and of a client; a file by SSL_sendfile marked`;
}

/** By TLS 1.2 all of the bodies, and all but the last by 1.3; each served and called once. @param {any[]} exchanges @param {readonly string[]} bodies */
function checkPosts(exchanges, bodies) {
  const inBoth = bodies.slice(0, -1);
  const times = (/** @type {number} */ count) => ({ inbound: count, outbound: count });
  return [...checkTape(exchanges, inBoth, times(2)), ...checkTape(exchanges, bodies.slice(-1), times(1))];
}

/** @param {any[]} exchanges @param {string} file */
function checkFile(exchanges, file) {
  const [found, ...more] = exchanges.filter(({ request }) => request?.target === `/files/${path.basename(file)}`);
  if (found === undefined || more.length > 0) return [`the file: ${more.length + (found ? 1 : 0)} on the tape, not 1`];
  if (!found.problems.includes('unread-bytes')) return [`the file: not marked as unread: ${found.problems}`];
  return [];
}

/** How many were opened, each way: counted by the kernel. */
function sessions() {
  const text = fs.readFileSync('/proc/net/tls_stat', 'latin1');
  const count = (/** @type {string} */ name) => Number(new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return { sent: count('TlsTxSw') + count('TlsTxDevice'), received: count('TlsRxSw') + count('TlsRxDevice') };
}

module.exports = { recordKernelTls };
