/** What a tape takes on the disk, of the HTTP it was recorded from: as recorded, and after `wiretape pack`. */
import { statSync } from 'node:fs';
import { openTapeReader, rewriteTape } from '../../tape/store/sqlite';
import { temporaryFolder } from '../../test/support/programs';
import type { Result } from '../measure/result';
import { spreadOf } from '../measure/spread';
import type { Measurement } from '../measurement';
import { makeEventLog } from './event-log';
import { mixedExchange } from './mixed-traffic';
import { logToTape } from './to-tape';

export const tapeBytes: Measurement = {
  name: 'bytes',
  records: false,
  async measure({ sizes, tell }) {
    const log = makeEventLog(sizes.eventLogExchanges, mixedExchange);
    const folder = temporaryFolder();
    try {
      const [tape, packed] = [folder.file('bench.tape'), folder.file('packed.tape')];
      await logToTape(log, tape, (work) => work());
      await requireAll(tape, log.exchanges);
      const before = process.cpuUsage();
      rewriteTape(tape, { output: packed, isPacked: true });
      const { user, system } = process.cpuUsage(before);
      tell(`${Math.round(log.httpBytes / log.exchanges)} bytes of HTTP an exchange`);
      const packing = `packed in ${((user + system) / log.exchanges).toFixed(0)} us of CPU time an exchange`;
      return [
        resultOf('tape bytes', tape, { log, goal: null, notes: [] }),
        resultOf('tape bytes, packed', packed, { log, goal: { of: 'ratio', atMost: 0.25 }, notes: [packing] }),
      ];
    } finally {
      folder.remove();
    }
  },
};

async function requireAll(tape: string, exchanges: number): Promise<void> {
  const reader = openTapeReader(tape);
  const [session] = await reader.sessions();
  await reader.close();
  if (session?.exchanges !== exchanges) throw new Error(`${session?.exchanges} of ${exchanges} exchanges arrived`);
}

function resultOf(
  name: string,
  tape: string,
  {
    log,
    ...rest
  }: Pick<Result, 'goal' | 'notes'> & { readonly log: { readonly httpBytes: number; readonly exchanges: number } },
): Result {
  const { size } = statSync(tape);
  return {
    name,
    ratioOf:
      'bytes of the tape / of requests and responses as they were on the wire, of a mixed API; the amount is the former',
    ratio: spreadOf([size / log.httpBytes]),
    figure: { spread: spreadOf([size / log.exchanges]), unit: 'bytes an exchange' },
    ...rest,
  };
}
