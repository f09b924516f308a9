/** One run at full load, recorded: what the service made of it, what the recorder paid, and what is on the tape. */
import Database from 'better-sqlite3';
import { cpuUsOf, untilQuiet } from '../cpu-time';
import { runWrk, type WrkOptions, type WrkResult, warmUp } from '../load/wrk';
import type { Service } from '../services';
import { type Audit, auditTape } from './audit';
import { recorded } from './recording';

export interface FullLoad {
  readonly load: WrkResult;
  /** Of the recorder, until it has caught up: microseconds for each exchange of the load that is on the tape. */
  readonly recorderUs: number;
  /** The same of the load before, which V8's compilers ran through. */
  readonly coldUs: number;
  readonly audit: Audit;
  /** Exchanges on the tape that lost nothing / exchanges served. */
  readonly whole: number;
}

/** The load twice in one recording, which lasts minutes elsewhere: its first seconds are told apart. */
export async function recordFullLoad(service: Service, options: WrkOptions): Promise<FullLoad> {
  const servedBefore = await service.served();
  const { worked, looked } = await recorded(service.port, {
    async work({ pid }) {
      await warmUp(service.url);
      await untilQuiet(pid);
      const cold = await paidFor(pid, () => runWrk(service.url, options));
      return { cold, warm: await paidFor(pid, () => runWrk(service.url, options)) };
    },
    async look(tape) {
      const served = (await service.served()) - servedBefore;
      return { audit: auditTape(tape, { port: service.port, served }), startedAtUs: startsOn(tape) };
    },
  });
  const { audit, startedAtUs } = looked;
  const { cold, warm } = worked;
  const usOf = ({ cpuUs, fromUs, toUs }: Paid): number =>
    cpuUs / Math.max(1, startedAtUs.filter((at) => at >= fromUs && at < toUs).length);
  const whole = (audit.onTape - audit.lossy) / audit.served;
  return { load: warm.load, recorderUs: usOf(warm), coldUs: usOf(cold), audit, whole };
}

interface Paid {
  readonly load: WrkResult;
  readonly cpuUs: number;
  /** Microseconds since 1970. */
  readonly fromUs: number;
  readonly toUs: number;
}

/** What the recorder paid until it had caught up with it. */
async function paidFor(pid: number, run: () => Promise<WrkResult>): Promise<Paid> {
  const [before, fromUs] = [cpuUsOf([pid]), Date.now() * 1000];
  const load = await run();
  await untilQuiet(pid);
  return { load, cpuUs: cpuUsOf([pid]) - before, fromUs, toUs: Date.now() * 1000 };
}

function startsOn(tape: string): readonly number[] {
  const database = new Database(tape, { readonly: true });
  try {
    return database.prepare<[], number>('SELECT started_us FROM exchanges').pluck().all();
  } finally {
    database.close();
  }
}
