/**
 * Runs a configuration that is code, and takes what it exports. Root never runs the code of somebody else: under sudo,
 * a project of the one who called it is asked in a process of that user, and what comes back is data.
 */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { WiretapeError } from '../errors/wiretape-error';
import { sudoCaller } from '../tape/store/trust';

/** Throws what the module throws, and BAD_CONFIG where its owner cannot run it. */
export function readModule(file: string): unknown {
  const isRoot = process.geteuid?.() === 0;
  const caller = isRoot && statSync(file).uid !== 0 ? sudoCaller() : undefined;
  return caller === undefined ? exportsOf(file) : exportsAs(caller, file);
}

/** Node.js strips the types of a .ts file itself (22.18 and newer), and takes ES modules by require (22.12 and newer). */
function exportsOf(file: string): unknown {
  const loaded = require(file) as unknown;
  const isModule = typeof loaded === 'object' && loaded !== null && 'default' in loaded;
  return isModule ? loaded.default : loaded;
}

/** The same in a process that has only this; what the module prints goes elsewhere. */
const script = `const loaded = require(process.argv[1]);
const isModule = typeof loaded === 'object' && loaded !== null && 'default' in loaded;
require('node:fs').writeSync(3, JSON.stringify(isModule ? loaded.default : loaded) ?? 'null');`;

const answerLimitBytes = 1024 * 1024;
const patienceMs = 30_000;

/** Without our environment, which may hold a key; libuv leaves the groups of root behind with its user. */
function exportsAs(caller: { readonly uid: number; readonly gid: number }, file: string): unknown {
  const { status, signal, error, output } = spawnSync(process.execPath, ['-e', script, file], {
    ...caller,
    cwd: '/',
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    timeout: patienceMs,
    maxBuffer: answerLimitBytes,
    encoding: 'utf8',
  });
  if (status === 0) return JSON.parse(output[3] ?? '');
  throw new WiretapeError('BAD_CONFIG', `Cannot use ${file}: user ${caller.uid}, whose code it is, cannot run it`, {
    seen: [error?.message ?? firstLine(output[2]) ?? `it ended by ${signal}`],
    remedy: [
      'Mend the file',
      'or write it as wiretape.config.json: root runs no code of somebody else, and reads data of the one who called sudo',
    ],
  });
}

/** Of a stack, the line that says what is wrong. */
function firstLine(text: string | null | undefined): string | undefined {
  const lines = (text ?? '').split('\n').map((line) => line.trim());
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.find((line) => line !== '');
}
