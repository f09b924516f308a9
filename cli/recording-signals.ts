/**
 * What signals mean while a recording runs. The first that asks for an end gets it after the flush, the second gives up
 * the flush. COMMAND runs in a session of its own, so what the terminal tells is handed on to it.
 */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { Recording } from '../recorder/record';

export function listenForSignals(recording: Recording): void {
  let asked = false;
  const ask = () => {
    if (asked) process.exit(130);
    asked = true;
    process.stderr.write('ending: writing what was seen (once more gives that up)\n');
    recording.stop('interrupted');
  };
  process.on('SIGINT', ask).on('SIGTERM', ask);
  if (!isIgnored('SIGHUP')) process.on('SIGHUP', ask);
  process.on('SIGTSTP', () => suspend(recording));
  process.on('SIGWINCH', () => recording.signalCommand('SIGWINCH'));
}

/** Ctrl-Z: both stop, and both go on. */
function suspend(recording: Recording): void {
  recording.signalCommand('SIGSTOP');
  process.once('SIGCONT', () => recording.signalCommand('SIGCONT'));
  process.kill(process.pid, 'SIGSTOP');
}

/** Under nohup a hangup is to change nothing; listening for it would undo that. */
function isIgnored(signal: 'SIGHUP'): boolean {
  const ignored = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
  return ((BigInt(`0x${ignored}`) >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n;
}
