/** Work that a signal ends in order, with what it has by then. */
import { endingSignals } from './ending-signals';

/**
 * The first of Ctrl-C, SIGTERM and a hangup ends the work, which then says what it has; the next one ends this process at once,
 * and with it everything it started.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => (controller.signal.aborted ? process.exit(130) : controller.abort());
  for (const signal of endingSignals) process.on(signal, stop);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of endingSignals) process.removeListener(signal, stop);
  }
}
