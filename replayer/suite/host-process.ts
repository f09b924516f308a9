/** The process a suite plays in: takes requests over IPC, and ends with everything it started when its parent is gone. */
import { formatError, WiretapeError } from '../../errors/wiretape-error';
import { openHost, type SuiteHost } from './host';
import type { Numbered, Reply, Request } from './protocol';

let host: Promise<SuiteHost> | undefined;

process.on('message', (message) => {
  const { id, content } = message as Numbered<Request>;
  answer(content)
    .catch(problemOf)
    .then((problem) => process.send?.({ id, content: { problem } } satisfies Numbered<Reply>));
});

for (const end of ['disconnect', 'SIGTERM'] as const) {
  process.once(end, () => {
    stop().finally(() => process.exit());
  });
}

// Ctrl-C reaches the whole group of the terminal: the parent decides when the suite ends, and its end is seen above
process.on('SIGINT', () => {});

async function answer(request: Request): Promise<string | null> {
  switch (request.kind) {
    case 'start':
      host = openHost(request.start, process.env);
      await host;
      return null;
    case 'play':
      return (await started()).play(request.exchange);
    case 'misses':
      return (await started()).misses();
    case 'stop':
      return stop();
  }
}

function started(): Promise<SuiteHost> {
  return host ?? Promise.reject(new Error('the suite is not started'));
}

/** What nobody has asked for so far, and is wrong. */
async function stop(): Promise<string | null> {
  const opened = host;
  host = undefined;
  const running = await opened?.catch(() => undefined); // whoever asked for the start was told
  for (const line of running?.remarks() ?? []) process.stderr.write(`${line}\n`);
  const untold = running?.untold() ?? null;
  await running?.close();
  return untold;
}

function problemOf(error: unknown): string {
  if (error instanceof WiretapeError) return formatError(error);
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
