/** The mock server with 1,000 recordings, found anew for each request, against a Fastify that looks at nothing. */
import { join } from 'node:path';
import { calls } from '../../test/support/mocks';
import { lineFrom, type Program, start, stopAll, temporaryFolder } from '../../test/support/programs';
import { environment, wiretape } from '../../test/support/recorder';
import { writeTape } from '../../test/support/tape-file';
import { runWrk } from '../load/wrk';
import { alternate } from '../measure/alternate';
import { ratioOf } from '../measure/spread';
import type { Measurement } from '../measurement';
import { kilobyte } from '../services';

const recordings = 1000;
const upstream = 'payments:8080';
const programs = join(__dirname, '../programs');

export const mocks: Measurement = {
  name: 'mocks',
  records: false,
  async measure({ sizes, signal, tell }) {
    const folder = temporaryFolder();
    try {
      const [mock, bare] = [
        await startMock(folder.file('mocks.tape')),
        await startBare(folder.write('answer', kilobyte)),
      ];
      const load = async (url: string) => (await runWrk(url, { seconds: sizes.loadSeconds, script })).perSecond;
      await load(mock);
      await load(bare);
      const pairs = await alternate(
        { subject: () => load(mock), baseline: () => load(bare) },
        { pairs: sizes.pairs, signal },
      );
      tell(pairs.map(({ subject, baseline }) => `${subject.toFixed(0)}/s / ${baseline.toFixed(0)}/s`).join(', '));
      return [
        {
          name: 'mock server',
          ratioOf: `requests a second, wiretape mock with ${recordings} recordings / a bare Fastify catch-all route`,
          ratio: ratioOf(pairs),
          figure: null,
          goal: { of: 'ratio', atLeast: 0.7 },
          notes: [],
        },
      ];
    } finally {
      await stopAll();
      folder.remove();
    }
  },
};

const script = join(programs, 'thousand-paths.lua');

/** The command as a user starts it; gives the address that stands for the upstream. */
async function startMock(tape: string): Promise<string> {
  const sketches = Array.from({ length: recordings }, (_, i) => ({
    host: upstream,
    target: `/items/${i}?expand=all`,
    requestHeaders: [['Accept', 'application/json']] as const,
    responseHeaders: [['Content-Type', 'application/json']] as const,
    responseBody: kilobyte,
  }));
  writeTape(tape, calls(...sketches));
  const program = start(wiretape, ['mock', tape], { env: environment });
  return listening(program, new RegExp(`^listening (\\S+) ${upstream}$`));
}

async function startBare(file: string): Promise<string> {
  const program = start(process.execPath, [join(programs, 'bare-fastify.js'), file]);
  return `http://127.0.0.1:${await listening(program, /^listening (\d+)$/)}`;
}

async function listening(program: Program, line: RegExp): Promise<string> {
  return (await lineFrom(program, program.child.stdout, line))[1] ?? '';
}
