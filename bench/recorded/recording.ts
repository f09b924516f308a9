/** Runs the built `wiretape record` beside some work, and hands over the tape it leaves. */
import { temporaryFolder } from '../../test/support/programs';
import { type LiveRecording, startRecording } from '../../test/support/recorder';
import type { Service } from '../services';
import { type Audit, auditTape } from './audit';

export interface Recorder {
  readonly pid: number;
}

export interface Steps<T, U> {
  /** Neither the recorder's start nor its last flush is in it. */
  work(recorder: Recorder): Promise<T>;
  /** Sees the tape of the ended recording, which goes away afterwards. */
  look(tape: string): Promise<U>;
}

/** Records the processes that listen on `port` while the work is done; `options` are further ones of `record`. Rejects when the recorder fails. */
export function recorded<T, U>(
  port: number,
  steps: Steps<T, U>,
  options: readonly string[] = [],
): Promise<{ worked: T; looked: U }> {
  return recordedBy([...listeningOn(port), ...options], steps);
}

/** Targets for `record`: the processes that listen there. */
export function listeningOn(port: number): readonly string[] {
  return ['--port', String(port)];
}

/** The same for any targets. */
async function recordedBy<T, U>(
  targets: readonly string[],
  { work, look }: Steps<T, U>,
): Promise<{ worked: T; looked: U }> {
  const folder = temporaryFolder();
  try {
    // A target that is idle on purpose leaves an empty tape.
    const recording = await startRecording(folder.file('bench.tape'), [...targets, '--allow-empty']);
    const worked = await work({ pid: recording.program.pid });
    await endWell(recording);
    return { worked, looked: await look(recording.tape) };
  } finally {
    folder.remove();
  }
}

/** The same for work alone, whatever is on the tape. By the numbers of processes nobody hears of the programs that others start meanwhile. */
export async function whileRecorded<T>(targets: readonly string[], work: Steps<T, null>['work']): Promise<T> {
  return (await recordedBy(targets, { work, look: async () => null })).worked;
}

/** The same, with the tape held against what the service served meanwhile. */
export async function audited<T>(
  service: Service,
  work: (recorder: Recorder) => Promise<T>,
): Promise<{ worked: T; audit: Audit }> {
  const before = await service.served();
  const look = async (tape: string): Promise<Audit> =>
    auditTape(tape, { port: service.port, served: (await service.served()) - before });
  const { worked, looked } = await recorded(service.port, { work, look });
  return { worked, audit: looked };
}

async function endWell(recording: LiveRecording): Promise<void> {
  const status = await recording.end();
  if (status !== 0) throw new Error(`wiretape record ended with ${status}: ${recording.program.stderr()}`);
}
