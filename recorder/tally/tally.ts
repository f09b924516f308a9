/** Counts for the end of a recording: what was seen, how long it took, what is missing and why. Bounded, whatever the traffic. */
import type { Direction, Exchange, LossReason, Problem } from '../../tape/model/exchange';
import { modelFor, operationOf } from '../../tape/model/registry';
import { ConnectionCoverage, type Coverage } from './coverage';
import { endpointOf } from './endpoint';
import { Histogram } from './histogram';

export interface EndpointStats {
  /** `METHOD host/path/{id}`; `other` for what came after the list was full. */
  readonly endpoint: string;
  readonly direction: Direction;
  readonly count: number;
  /** Null where no exchange of it had an end. */
  readonly p50Us: number | null;
  readonly p99Us: number | null;
}

export interface RecordingStats {
  readonly coverage: Coverage;
  readonly openConnections: number;
  /** Exchanges emitted; raw streams and failed connects are among them. */
  readonly exchanges: number;
  readonly complete: number;
  /** Exchanges the filter kept from being emitted; they are in no other count. */
  readonly filtered: number;
  /** Exchanges of which more is on the tape than sizes and times. */
  readonly readable: number;
  /** How many exchanges have each problem; one may have several. */
  readonly incomplete: Readonly<Partial<Record<Problem, number>>>;
  /** Bytes that are missing or could not be read, by reason. */
  readonly lostBytes: Readonly<Record<string, number>>;
  /** The busiest first. */
  readonly endpoints: readonly EndpointStats[];
}

interface Endpoint {
  readonly endpoint: string;
  readonly direction: Direction;
  readonly durations: Histogram;
  count: number;
}

const mostEndpoints = 1000;
/** Finding the endpoint of a request costs more than finding its target here. */
const mostTargets = 4096;

export class Tally {
  readonly coverage = new ConnectionCoverage();
  private exchanges = 0;
  private complete = 0;
  private filtered = 0;
  private readable = 0;
  private readonly incomplete = new Map<Problem, number>();
  private readonly lostBytes = new Map<string, number>();
  private readonly endpoints = new Map<string, Endpoint>();
  private readonly byTarget = new Map<string, Endpoint>();

  addFiltered(): void {
    this.filtered++;
  }

  addLoss(reason: LossReason, bytes: number): void {
    this.lostBytes.set(reason, (this.lostBytes.get(reason) ?? 0) + bytes);
  }

  add(exchange: Exchange): void {
    this.exchanges++;
    if (exchange.problems.length === 0) this.complete++;
    for (const problem of exchange.problems) this.incomplete.set(problem, (this.incomplete.get(problem) ?? 0) + 1);
    if (modelFor(exchange.protocol).isReadable(exchange.content, exchange.problems)) this.readable++;
    this.addToEndpoint(exchange);
  }

  stats(openConnections: number): RecordingStats {
    const { exchanges, complete, filtered, readable } = this;
    const incomplete = Object.fromEntries(this.incomplete);
    const lostBytes = Object.fromEntries(this.lostBytes);
    const endpoints = [...this.endpoints.values()].sort((a, b) => b.count - a.count).map(endpointStats);
    return {
      coverage: this.coverage.stats(),
      openConnections,
      exchanges,
      complete,
      filtered,
      readable,
      incomplete,
      lostBytes,
      endpoints,
    };
  }

  private addToEndpoint(exchange: Exchange): void {
    const endpoint = this.endpointFor(exchange);
    if (endpoint === null) return;
    endpoint.count++;
    if (exchange.durationUs !== null) endpoint.durations.add(exchange.durationUs);
  }

  private endpointFor(exchange: Exchange): Endpoint | null {
    const operation = operationOf(exchange);
    const { verb, authority, target, over } = operation;
    if (verb === null) return null;
    const { direction } = exchange.connection;
    const key = `${direction} ${verb} ${authority} ${target} ${over?.target ?? ''}`;
    return this.byTarget.get(key) ?? this.findEndpoint(key, endpointOf(operation), direction);
  }

  private findEndpoint(key: string, name: string, direction: Direction): Endpoint {
    const full = this.endpoints.size >= mostEndpoints && !this.endpoints.has(`${direction} ${name}`);
    const endpoint = this.endpointNamed(full ? 'other' : name, direction);
    if (this.byTarget.size >= mostTargets) this.byTarget.clear();
    this.byTarget.set(key, endpoint);
    return endpoint;
  }

  private endpointNamed(name: string, direction: Direction): Endpoint {
    const known = this.endpoints.get(`${direction} ${name}`);
    if (known !== undefined) return known;
    const endpoint = { endpoint: name, direction, durations: new Histogram(), count: 0 };
    this.endpoints.set(`${direction} ${name}`, endpoint);
    return endpoint;
  }
}

function endpointStats({ endpoint, direction, count, durations }: Endpoint): EndpointStats {
  return { endpoint, direction, count, p50Us: durations.quantile(0.5), p99Us: durations.quantile(0.99) };
}
