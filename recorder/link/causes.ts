/**
 * Which inbound exchange caused an outbound one: that whose id of a request or a trace it carries, where exactly one of the
 * process has carried it; else the only one that was open in the process when it began, unless the two are of different traces.
 * Refuses to choose between several: a wrong cause is worse than none. Remembers ids of processes that call with ids, bounded.
 */
import { type RequestIds, requestIdsIn } from '../../tape/http/request-ids';
import type { HeaderList } from '../../tape/model/body';
import type { Cause } from '../../tape/model/exchange';
import { PassingMap } from '../../tape/passing-map';
import { type HeadSource, OpenInbound } from './open-inbound';

/** An exchange as far as it matters here. */
export interface Asked {
  readonly number: number;
  readonly startedAtUs: number;
  readonly headers: HeaderList;
}

/** Beyond it the oldest are forgotten. */
const mostProcesses = 256;
const mostHeard = 4096;

export class Causes {
  private readonly open = new OpenInbound();
  private readonly calling = new PassingMap<number, HeardIds>();

  /** An inbound exchange of that process begins; of one that is not known nothing is remembered. */
  begin(pid: number | undefined, number: number, startedAtUs: number, source: HeadSource): void {
    this.open.begin(pid, number, { startedAtUs, source });
  }

  /** It is over. Telling it twice does no harm. */
  end(pid: number | undefined, number: number): void {
    this.open.end(pid, number);
  }

  /** The cause of an outbound exchange that begins now, as long as nobody knows what it says. */
  sole(pid: number | undefined): Cause | null {
    return this.open.sole(pid);
  }

  /** The request of an inbound exchange, once it is known. */
  heard(pid: number | undefined, asked: Asked): void {
    if (pid !== undefined) this.calling.get(pid)?.note(asked);
  }

  /** The cause of an outbound exchange whose request is known; `sole` is what was said when it began. */
  causeOf(pid: number | undefined, asked: Asked, sole: Cause | null): Cause | null {
    const ids = pid === undefined ? null : requestIdsIn(asked.headers);
    if (pid === undefined || ids === null) return sole;
    const heard = this.idsOf(pid);
    for (const [number, { startedAtUs, source }] of this.open.of(pid)) {
      const headers = heard.has(number) ? null : source.requestHeaders(number);
      if (headers !== null) heard.note({ number, startedAtUs, headers });
    }
    return heard.carrierOf(ids, asked.startedAtUs) ?? (sole !== null && heard.isOfAnother(ids, sole) ? null : sole);
  }

  private idsOf(pid: number): HeardIds {
    const known = this.calling.get(pid);
    if (known !== undefined) return known;
    const none = new HeardIds();
    forgetOldest(this.calling, mostProcesses);
    this.calling.set(pid, none);
    return none;
  }
}

interface Heard {
  readonly startedAtUs: number;
  /** Null where its request carried none. */
  readonly ids: RequestIds | null;
}

/** What the inbound exchanges of one process carried. */
class HeardIds {
  private readonly byNumber = new PassingMap<number, Heard>();
  private readonly byId = new PassingMap<string, Set<number>>();

  has(number: number): boolean {
    return this.byNumber.has(number);
  }

  note({ number, startedAtUs, headers }: Asked): void {
    if (this.byNumber.has(number)) return;
    const oldest = forgetOldest(this.byNumber, mostHeard);
    if (oldest !== null) this.forget(...oldest);
    const ids = requestIdsIn(headers);
    this.byNumber.set(number, { startedAtUs, ids });
    for (const id of ids?.all ?? []) this.byId.set(id, (this.byId.get(id) ?? new Set()).add(number));
  }

  /** The one exchange that carried one of the ids, and had begun. Several share the trace of a page, or the id of a session. */
  carrierOf({ all }: RequestIds, startedAtUs: number): Cause | null {
    const carriers = new Set(all.flatMap((id) => [...(this.byId.get(id) ?? [])]));
    const [number] = carriers;
    if (number === undefined || carriers.size > 1) return null;
    const heard = this.byNumber.get(number);
    return heard !== undefined && heard.startedAtUs <= startedAtUs ? { number, method: 'request-id' } : null;
  }

  /** Both say which trace they are of, and it is not the same: it called on somebody else's behalf, or on nobody's. */
  isOfAnother({ traces }: RequestIds, { number }: Cause): boolean {
    const own = this.byNumber.get(number)?.ids?.traces;
    return [...traces].some(([name, ids]) => {
      const others = own?.get(name);
      return others !== undefined && !ids.some((id) => others.includes(id));
    });
  }

  private forget(number: number, { ids }: Heard): void {
    for (const id of ids?.all ?? []) {
      const numbers = this.byId.get(id);
      if (numbers?.delete(number) === true && numbers.size === 0) this.byId.delete(id);
    }
  }
}

/** Makes room for one more; returns what had to go. */
function forgetOldest<K, V>(map: PassingMap<K, V>, most: number): readonly [K, V] | null {
  if (map.size < most) return null;
  const [oldest] = map;
  if (oldest === undefined) return null;
  map.delete(oldest[0]);
  return oldest;
}
