/** What the command reached for that is not on the tape, each kind once, with who did it and how often. */
import type { Holder } from './processes';
import type { SandboxSeen } from './sandbox';

export interface Unrecorded {
  /** `name` was looked up; the others were called. */
  readonly what: 'name' | 'tcp' | 'udp';
  /** A host name, or `host:port`. */
  readonly name: string;
  /** Null where it could not be told any more. */
  readonly process: string | null;
  readonly pid: number | null;
  readonly times: number;
}

/** More kinds are counted and not listed. */
const keptKinds = 1000;

export class UnrecordedLedger {
  private readonly kinds = new Map<string, Unrecorded>();
  private total = 0;

  note(what: Unrecorded['what'], name: string, holder: Holder | null): void {
    this.total++;
    const key = `${what} ${name} ${holder?.name ?? ''}`;
    const known = this.kinds.get(key);
    if (known === undefined && this.kinds.size >= keptKinds) return;
    const by = { process: holder?.name ?? null, pid: holder?.pid ?? null };
    this.kinds.set(key, known === undefined ? { what, name, ...by, times: 1 } : { ...known, times: known.times + 1 });
  }

  list(): readonly Unrecorded[] {
    return [...this.kinds.values()];
  }

  count(): number {
    return this.total;
  }
}

const deeds = { name: 'looked up', tcp: 'called', udp: 'sent to over UDP' } as const;

/** `unrecorded telemetry.test: looked up by node (4711), 3 times`. */
export function formatUnrecorded({ what, name, process, pid, times }: Unrecorded): string {
  const who = process === null ? 'a process that had ended' : `${process} (${pid})`;
  return `unrecorded ${name}: ${deeds[what]} by ${who}${times === 1 ? '' : `, ${times} times`}`;
}

/** Of all runs of one command. `fails` says whether reaching for what is not on the tape does: not by UDP, which no tape has. */
export interface SandboxReport extends SandboxSeen {
  readonly fails: boolean;
}

export function mergeSeen(runs: readonly [SandboxSeen, ...SandboxSeen[]], isAllowed: boolean): SandboxReport {
  const [{ kind, letThrough }] = runs;
  const kinds = Map.groupBy(
    runs.flatMap((run) => run.unrecorded),
    ({ what, name, process }) => `${what} ${name} ${process}`,
  );
  const unrecorded = [...kinds.values()].flatMap(([first, ...others]) => {
    const times = others.reduce((sum, each) => sum + each.times, first?.times ?? 0);
    return first === undefined ? [] : [{ ...first, times }];
  });
  const connections = (address: string): number | null => {
    const counts = runs.flatMap((run) => run.letThrough.filter((each) => each.address === address));
    return counts.reduce<number | null>(
      (sum, each) => (sum === null || each.connections === null ? null : sum + each.connections),
      0,
    );
  };
  return {
    kind,
    unrecorded,
    letThrough: letThrough.map(({ address }) => ({ address, connections: connections(address) })),
    fails: unrecorded.some(({ what }) => what !== 'udp') && !isAllowed,
  };
}
