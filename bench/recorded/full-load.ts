/** One run at full load, recorded: what the service made of it, what the recorder paid, and what is on the tape. */
import { cpuUsOf, untilQuiet } from '../cpu-time';
import { runWrk, type WrkOptions, type WrkResult, warmUp } from '../load/wrk';
import type { Service } from '../services';
import type { Audit } from './audit';
import { audited } from './recording';

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
  const { worked, audit } = await audited(service, async ({ pid }) => {
    const warm = await warmUp(service.url);
    await untilQuiet(pid);
    const before = cpuUsOf([pid]);
    const load = await runWrk(service.url, options);
    await untilQuiet(pid);
    return { warm, load, cpuUs: cpuUsOf([pid]) - before };
  });
  const { warm, load, cpuUs } = worked;
  const recorderUs = cpuUs / Math.max(1, audit.onTape - warm.requests);
  return { load, recorderUs, audit, whole: (audit.onTape - audit.lossy) / audit.served };
}
