/** One run at full load, recorded: what the service made of it, what the recorder paid, and what is on the tape. */
import Database from 'better-sqlite3';
import { cpuUsOf, untilQuiet } from '../cpu-time';
import { runWrk, type WrkOptions, type WrkResult, warmUp } from '../load/wrk';
import type { Service } from '../services';
import { type Audit, auditTape } from './audit';
import { recorded } from './recording';

export interface FullLoad {
  readonly load: WrkResult;
  /** Of the recorder, until it has caught up: microseconds for each exchange that is on the tape. */
  readonly recorderUs: number;
  readonly audit: Audit;
  /** Exchanges on the tape that lost nothing / exchanges served. */
  readonly whole: number;
}

/** The recorder is warm: see `warmUp`. */
export async function recordFullLoad(service: Service, options: WrkOptions): Promise<FullLoad> {
  let beganAtUs = 0;
  const servedBefore = await service.served();
  const { worked, looked } = await recorded(service.port, {
    async work({ pid }) {
      await warmUp(service.url);
      await untilQuiet(pid);
      const before = cpuUsOf([pid]);
      beganAtUs = Date.now() * 1000;
      const load = await runWrk(service.url, options);
      await untilQuiet(pid);
      return { load, cpuUs: cpuUsOf([pid]) - before };
    },
    async look(tape) {
      const served = (await service.served()) - servedBefore;
      return { audit: auditTape(tape, { port: service.port, served }), kept: exchangesSince(tape, beganAtUs) };
    },
  });
  const { audit, kept } = looked;
  const recorderUs = worked.cpuUs / Math.max(1, kept);
  return { load: worked.load, recorderUs, audit, whole: (audit.onTape - audit.lossy) / audit.served };
}

/** What the warm-up left on the tape is not in it. */
function exchangesSince(tape: string, beganAtUs: number): number {
  const database = new Database(tape, { readonly: true });
  try {
    const count = 'SELECT count(*) FROM exchanges WHERE started_us >= ?';
    return database.prepare<[number], number>(count).pluck().get(beganAtUs) ?? 0;
  } finally {
    database.close();
  }
}
