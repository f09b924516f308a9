/** What the parts of the job share: running programs, reading tapes, hashes. Runs inside a guest, on the built wiretape. */

const { execFileSync, spawn } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const installed = '/opt/wiretape';
const wiretape = path.join(installed, 'bin/wiretape');
const apps = path.join(installed, 'fixtures/apps');

/** An emulated machine is slow, and two share a host: nothing here is about speed. */
const STEP_LIMIT_MS = 120_000;

process.env.WIRETAPE_KEY = '7e57'.repeat(16);

/** A module of the build. @param {string} name @returns {any} what it exports, which only the build can type */
function built(name) {
  return require(path.join(installed, 'dist', name));
}

/**
 * A program under way.
 * @typedef {{ pid: number, said: () => string, ended: Promise<number>, kill: (signal: NodeJS.Signals) => Promise<number> }} Program
 */

/** @param {string} command @param {readonly string[]} args @returns {Program} */
function start(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const hear = (/** @type {Buffer} */ bytes) => {
    text += bytes.toString();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  /** @type {Promise<number>} */
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? -1));
  });
  ended.catch(() => undefined);
  const kill = (/** @type {NodeJS.Signals} */ signal) => {
    child.kill(signal);
    return ended;
  };
  return { pid: child.pid ?? 0, said: () => text, ended, kill };
}

/** Waits until the program has said it; throws with what it did say. @param {Program} program @param {RegExp} pattern */
async function heard(program, pattern) {
  const found = await until(() => pattern.exec(program.said()), program);
  if (found === null) throw new Error(`it never said ${pattern}:\n${program.said()}`);
  return found;
}

/**
 * Asks until there is an answer; null where the program ends or the time is over before.
 * @template T
 * @param {() => T | null | undefined | false | Promise<T | null | undefined | false>} ask @param {Program} [program]
 * @returns {Promise<T | null>}
 */
async function until(ask, program) {
  let isOver = false;
  program?.ended.then(() => {
    isOver = true;
  });
  const deadline = Date.now() + STEP_LIMIT_MS;
  for (;;) {
    const wasOver = isOver;
    const answer = await ask();
    if (answer) return answer;
    if (wasOver || Date.now() > deadline) return null;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The status of a program that must come to its end by itself. @param {Program} program */
async function statusOf(program) {
  const status = await Promise.race([program.ended, new Promise((resolve) => setTimeout(resolve, STEP_LIMIT_MS))]);
  if (typeof status === 'number') return status;
  await program.kill('SIGKILL');
  throw new Error(`it did not end:\n${program.said()}`);
}

/** @param {string} tape @returns {Promise<any[]>} the exchanges on it */
async function readTape(tape) {
  const reader = built('tape/store/sqlite/index.js').openTapeReader(tape);
  try {
    // Request and response beside the envelope: all that is said here is HTTP.
    return (await Array.fromAsync(reader.exchanges())).map(({ exchange }) => ({ ...exchange.content, ...exchange }));
  } finally {
    await reader.close();
  }
}

/** @param {Uint8Array} bytes */
function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Of a body as its reader saw it. @param {any} message */
function bodyHash(message) {
  return message === null || message === undefined
    ? null
    : sha256(built('tape/body/coding.js').decodeBody(message.body).bytes);
}

/** @param {string} folder */
function makeCertificate(folder) {
  const cert = path.join(folder, 'cert.pem');
  const key = path.join(folder, 'key.pem');
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const config = path.join(folder, 'openssl.cnf');
  fs.writeFileSync(config, '[req]\ndistinguished_name = dn\n[dn]\n');
  const args = [
    'req',
    '-x509',
    '-config',
    config,
    ...curve,
    '-nodes',
    '-days',
    '2',
    '-keyout',
    key,
    '-out',
    cert,
    ...names,
  ];
  execFileSync('openssl', args, { stdio: 'ignore' });
  return { cert, key };
}

/** The bytes of fixtures/apps/socket-calls for a seed. @param {number} length @param {number} seed */
function seededBytes(length, seed) {
  const bytes = Buffer.alloc(length);
  let state = seed >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/**
 * What the recorder says where bytes went by unseen and the machine is why: a preemptible kernel skipped programs of ours, or
 * the recorder got the CPU too late and left whole turns out.
 */
const CROWDED = /events? the kernel did not run a program for|left-out: the recorder was behind/;
const ATTEMPTS_MOST = 6;

/**
 * Tries again where the recorder itself says that the machine was too crowded for it, which an emulated one often is.
 * What such an attempt recorded must still not be wrong: `attempt` throws a WrongRecording then, which is final.
 * @param {() => Promise<string>} attempt which throws what the recorder said
 */
async function unlessCrowded(attempt) {
  for (let i = 1; ; i++) {
    try {
      const detail = await attempt();
      return i === 1 ? detail : `${detail} (attempt ${i})`;
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      if (error instanceof WrongRecording || i === ATTEMPTS_MOST || !CROWDED.test(said)) throw error;
    }
  }
}

/** Something on the tape counts as complete and is not what passed. */
class WrongRecording extends Error {}

/** Throws where it does not hold. @param {unknown} holds @param {string} otherwise */
function demand(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

module.exports = {
  ...{ apps, bodyHash, built, demand, heard, installed, makeCertificate, readTape },
  ...{ seededBytes, sha256, start, statusOf, unlessCrowded, until, wiretape, WrongRecording },
};
