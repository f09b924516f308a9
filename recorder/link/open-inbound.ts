/** The inbound exchanges of each process that are not over. */
import type { HeaderList } from '../../tape/model/body';
import type { Cause } from '../../tape/model/exchange';
import { PassingMap } from '../../tape/passing-map';

/** Who can say what the request of an exchange that is not over says so far: null before its head is there. */
export interface HeadSource {
  requestHeaders(number: number): HeaderList | null;
}

export interface Open {
  readonly startedAtUs: number;
  readonly source: HeadSource;
}

/** Processes of which an empty map is kept: one for every exchange costs more than the exchange's place in it. */
const idleMost = 64;

const none: Iterable<[number, Open]> = [];

export class OpenInbound {
  private readonly byProcess = new Map<number, PassingMap<number, Open>>();

  /** An inbound exchange of that process begins; of one that is not known nothing is remembered. */
  begin(pid: number | undefined, number: number, open: Open): void {
    if (pid === undefined) return;
    let others = this.byProcess.get(pid);
    if (others === undefined) {
      others = new PassingMap();
      this.byProcess.set(pid, others);
    }
    others.set(number, open);
  }

  /** It is over. Telling it twice does no harm. */
  end(pid: number | undefined, number: number): void {
    if (pid === undefined) return;
    const open = this.byProcess.get(pid);
    if (open === undefined || !open.delete(number)) return;
    if (open.size === 0 && this.byProcess.size > idleMost) this.byProcess.delete(pid);
  }

  /** With their numbers. */
  of(pid: number): Iterable<[number, Open]> {
    return this.byProcess.get(pid) ?? none;
  }

  /** The one that is open in the process, if there is exactly one: what an outbound exchange that begins now may be for. */
  sole(pid: number | undefined): Cause | null {
    const open = pid === undefined ? undefined : this.byProcess.get(pid);
    if (open?.size !== 1) return null;
    const [number] = open.keys();
    return number === undefined ? null : { number, method: 'sole-inbound' };
  }
}
