/**
 * What signals mean while a recording runs. The first that asks for an end gets it after the flush, the second gives up
 * the flush. COMMAND runs in a session of its own, so what the terminal tells is handed on to it.
 */
import type { Recording } from '../recorder/record';
import { endingSignals } from './ending-signals';

/** From before it has begun: the command may run by then, and the terminal tells only the recorder. */
export function listenForSignals(starting: Promise<Recording>): void {
  let asked = false;
  let running: Recording | undefined;
  const failed = () => undefined; // told by who waits for it
  starting.then((recording) => {
    running = recording;
  }, failed);
  const ask = () => {
    if (asked) process.exit(130);
    asked = true;
    process.stderr.write('ending: writing what was seen (once more gives that up)\n');
    starting.then((recording) => recording.stop('interrupted'), failed);
  };
  for (const signal of endingSignals) process.on(signal, ask);
  process.on('SIGTSTP', () => suspend(running));
  process.on('SIGWINCH', () => running?.signalCommand('SIGWINCH'));
}

/** Ctrl-Z: both stop, and both go on. */
function suspend(recording: Recording | undefined): void {
  recording?.signalCommand('SIGSTOP');
  process.once('SIGCONT', () => recording?.signalCommand('SIGCONT'));
  process.kill(process.pid, 'SIGSTOP');
}
