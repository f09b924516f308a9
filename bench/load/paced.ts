/** Load at a fixed rate, by a process of its own, so that what it costs is counted to nobody. */
import { join } from 'node:path';
import { type Program, start } from '../../test/support/programs';

export interface PacedCounts {
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
}

export interface PacedLoad {
  counts(): Promise<PacedCounts>;
  /** Stops sending; resolves with the final counts once everything is answered and the connections are closed. */
  stop(): Promise<PacedCounts>;
}

export interface PacedOptions {
  readonly perSecond: number;
  readonly connections?: number;
  /** A file to post; without it each request is a GET. */
  readonly body?: string | undefined;
}

export function startPaced(url: string, { perSecond, connections = 16, body }: PacedOptions): PacedLoad {
  const script = join(__dirname, '../programs/paced-client.js');
  const words = [script, url, String(perSecond), String(connections), ...(body === undefined ? [] : [body])];
  const program = start(process.execPath, words, {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  return {
    counts: () => ask(program, 'count'),
    async stop() {
      const counts = await ask(program, 'stop');
      await program.ended;
      return counts;
    },
  };
}

/** Rejects when the client ends instead of answering, and for answers of the service that are not 200. */
async function ask(program: Program, message: 'count' | 'stop'): Promise<PacedCounts> {
  const answer = new Promise<PacedCounts>((resolve) => program.child.once('message', resolve as () => void));
  program.child.send(message);
  const counts = await Promise.race([answer, program.ended]);
  if (typeof counts === 'number') throw new Error(`the client ended with ${counts}: ${program.stderr()}`);
  if (counts.failed > 0) throw new Error(`${counts.failed} of ${counts.sent} paced requests failed`);
  return counts;
}
