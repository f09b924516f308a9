/**
 * What the demo is told with: commands shown as a user would type them, run for real, and held against what the
 * narration says. Ends every process it started, whatever happens.
 */
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');
const project = path.resolve(process.argv[2] ?? path.join(root, 'build/demo'));
const colours = process.stdout.isTTY && !process.env.NO_COLOR;
const bold = (/** @type {string} */ text) => (colours ? `\x1b[1m${text}\x1b[22m` : text);
const dim = (/** @type {string} */ text) => (colours ? `\x1b[2m${text}\x1b[22m` : text);

/** What the narration promised did not happen. */
class Surprise extends Error {}

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
let steps = 0;

/** Begins a step. @param {string} title @param {string} [text] */
function step(title, text) {
  steps += 1;
  process.stdout.write(`\n${bold(`${steps}  ${title}`)}\n`);
  if (text !== undefined) process.stdout.write(`   ${text}\n`);
}

/** Holds the demo to its narration. @param {boolean} holds @param {string} claim what is said to be so */
function check(holds, claim) {
  if (!holds) throw new Surprise(claim);
  process.stdout.write(`   ${bold('ok')} ${claim}\n`);
}

/**
 * Runs a command to its end. `typed` is the command line as a user would type it: it is what runs, in a shell.
 * @param {string} typed @param {{ lines?: number }} [options] how much of the output to show; default all
 * @returns {Promise<{ status: number, output: string, stdout: string }>}
 */
async function type(typed, { lines } = {}) {
  show(typed);
  const child = start(typed);
  const output = { all: '', stdout: '' };
  collect(child.stdout, (text) => {
    output.stdout += text;
    output.all += text;
  });
  collect(child.stderr, (text) => {
    output.all += text;
  });
  const status = await ended(child);
  print(output.all, lines);
  return { status, output: output.all, stdout: output.stdout };
}

/**
 * Starts a command in the background and waits for a line that begins as told, on either stream.
 * @param {string} typed @param {{ until: string }} options
 */
async function typeInBackground(typed, { until }) {
  show(`${typed} &`);
  const child = start(typed);
  let output = '';
  const line = await new Promise((resolve, reject) => {
    const look = (/** @type {string} */ text) => {
      output += text;
      const found = output.split('\n').find((each) => each.startsWith(until));
      if (found !== undefined) resolve(found);
    };
    collect(child.stdout, look);
    collect(child.stderr, look);
    child.once('exit', () => reject(new Surprise(`${typed} runs until it is stopped; it ended with:\n${output}`)));
  });
  print(line);
  return {
    line,
    /** Sends the signal, waits for the end and gives the status and everything printed. @param {NodeJS.Signals} signal */
    async stop(signal = 'SIGTERM') {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, signal);
      const status = await ended(child);
      return { status, output };
    },
  };
}

/** @param {string} typed */
function start(typed) {
  const child = spawn('sh', ['-c', `exec ${typed}`], {
    cwd: fs.existsSync(project) ? project : root,
    env: process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a group of its own, so that a signal reaches what the command starts
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** @param {import('node:child_process').ChildProcess} child @returns {Promise<number>} */
function ended(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null) resolve(child.exitCode);
    else child.once('close', (code) => resolve(code ?? 128));
  });
}

/** @param {import('node:stream').Readable | null} stream @param {(text: string) => void} take */
function collect(stream, take) {
  stream?.setEncoding('utf8');
  stream?.on('data', take);
}

/** @param {string} typed */
function show(typed) {
  process.stdout.write(`   ${bold(`$ ${typed}`)}\n`);
}

/** At most `lines` lines: the first ones, and the last few. @param {string} text @param {number} [lines] */
function print(text, lines = Number.POSITIVE_INFINITY) {
  if (lines === 0 || text.trimEnd() === '') return;
  const all = text.trimEnd().split('\n');
  const kept = all.length <= lines ? all : [...all.slice(0, lines - 4), '…', ...all.slice(-3)];
  for (const line of kept) process.stdout.write(`   ${dim('|')} ${line}\n`);
}

/** Ends what is still running. */
function endAll() {
  for (const child of running) {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    } catch {
      // ended by itself meanwhile
    }
  }
}

module.exports = { Surprise, check, endAll, print, project, root, step, type, typeInBackground };
