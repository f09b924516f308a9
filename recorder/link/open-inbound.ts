/**
 * Which inbound exchange caused an outbound one: the one that was open in the same process when it began, if there was
 * exactly one. Refuses to choose between several: a wrong cause is worse than none.
 */
import type { Cause } from '../../tape/model/exchange';

export class OpenInbound {
  private readonly byProcess = new Map<number, Set<number>>();

  /** An inbound exchange of that process begins; of one that is not known nothing is remembered. */
  begin(pid: number | undefined, number: number): void {
    if (pid === undefined) return;
    const open = this.byProcess.get(pid);
    if (open === undefined) this.byProcess.set(pid, new Set([number]));
    else open.add(number);
  }

  /** It is over. Telling it twice does no harm. */
  end(pid: number | undefined, number: number): void {
    if (pid === undefined) return;
    const open = this.byProcess.get(pid);
    if (open === undefined || !open.delete(number)) return;
    if (open.size === 0) this.byProcess.delete(pid);
  }

  /** The cause of an outbound exchange that begins now. */
  causeOf(pid: number | undefined): Cause | null {
    const open = pid === undefined ? undefined : this.byProcess.get(pid);
    if (open?.size !== 1) return null;
    const [number] = open;
    return number === undefined ? null : { number, method: 'sole-inbound' };
  }
}
