/** Whether this process was started to ignore a signal. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/** Under nohup a hangup is to change nothing; listening for it would undo that. */
export function isIgnored(signal: 'SIGHUP'): boolean {
  const ignored = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
  return ((BigInt(`0x${ignored}`) >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n;
}
