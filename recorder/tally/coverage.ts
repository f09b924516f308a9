/**
 * What became of each connection: the counts people use as coverage. A connection counts once, by the least that could
 * be read of it. Remembers open connections only; what it says of closed ones is bounded.
 */
import type { Exchange, ProcessInfo, UnreadReason, UnreadTls } from '../../tape/model/exchange';
import { modelFor } from '../../tape/model/registry';
import { PassingMap } from '../../tape/passing-map';
import type { OtherSocketEvent } from '../source/events';

export interface Coverage {
  readonly connections: number;
  /** Everything on them was parsed. */
  readonly read: number;
  /** Some of it is of a protocol nobody parses. */
  readonly raw: number;
  /** TLS was seen on them and not read. */
  readonly unread: number;
  /** Nothing was said on them: health checks, handshakes without anything behind them, connects that failed. */
  readonly silent: number;
  /** Streams, of which one connection may have had several; null where no byte told a name. The most first. */
  readonly rawProtocols: readonly { readonly protocol: string | null; readonly streams: number }[];
  /** Raw streams of which no more than sizes and times was kept. */
  readonly rawNotKept: number;
  /** The most connections first. */
  readonly unreadTls: readonly UnreadGroup[];
  /** Sockets of kinds that are not read; in no other count. The most first. */
  readonly others: readonly OtherGroup[];
}

/** Sockets of one kind, of processes of one name. */
export interface OtherGroup {
  readonly process: ProcessInfo;
  readonly processes: number;
  readonly socketKind: string;
  /** Of the first of them, where it is known. */
  readonly peer: string | null;
  /** Whether all of them have that one. */
  readonly isOnePeer: boolean;
  readonly sockets: number;
}

/** Connections of processes of one name whose TLS was not read for the same reason. */
export interface UnreadGroup {
  readonly process: ProcessInfo;
  /** How many processes, the one named among them. */
  readonly processes: number;
  readonly library: string;
  readonly reason: UnreadReason;
  readonly connections: number;
}

interface Group {
  readonly process: ProcessInfo;
  readonly pids: Set<number>;
  readonly unread: UnreadTls;
  connections: number;
}

interface Stream {
  readonly protocol: string | null;
  readonly isKept: boolean;
}

type Fate = 'silent' | 'read' | 'raw' | 'unread';

interface Seen {
  readonly process: ProcessInfo;
  fate: Fate;
}

interface Others {
  readonly first: OtherSocketEvent;
  readonly pids: Set<number>;
  isOnePeer: boolean;
  sockets: number;
}

/** The worst last: what one part of a connection was counts until another part was worse. */
const fates: readonly Fate[] = ['silent', 'read', 'raw', 'unread'];
const mostGroups = 1000;
const mostPids = 1000;
const mostProtocols = 100;
const others: ProcessInfo = { pid: 0, name: 'other processes' };
const nobody: ProcessInfo = { pid: 0, name: 'unknown process' };

export class ConnectionCoverage {
  private readonly counts = { silent: 0, read: 0, raw: 0, unread: 0 };
  private readonly open = new PassingMap<number, Seen>();
  private readonly protocols = new Map<string | null, number>();
  private readonly groups = new Map<string, Group>();
  /** Raw streams that go on, by the number of their exchange, as they are counted so far. */
  private readonly openStreams = new PassingMap<number, Stream>();
  private readonly others = new Map<string, Others>();
  private rawNotKept = 0;

  opened(key: number, process: ProcessInfo | null): void {
    if (this.open.has(key)) return;
    this.open.set(key, { process: process ?? nobody, fate: 'silent' });
    this.counts.silent++;
  }

  closed(key: number): void {
    this.open.delete(key);
  }

  unread(key: number, unread: UnreadTls): void {
    const seen = this.open.get(key);
    if (seen === undefined || seen.fate === 'unread') return;
    this.worsen(seen, 'unread');
    const group = this.groupFor(seen.process, unread);
    group.connections++;
    if (group.pids.size < mostPids) group.pids.add(seen.process.pid);
  }

  other(event: OtherSocketEvent): void {
    const group = this.othersFor(event);
    group.sockets++;
    if (event.peer !== group.first.peer) group.isOnePeer = false;
    if (group.pids.size < mostPids) group.pids.add(event.process.pid);
  }

  /** An exchange that lasts is told more than once: what was said of it before no longer counts. */
  carried({ number, connection, protocol, content, messages, outcome, problems }: Exchange): void {
    const seen = this.open.get(connection.key);
    const model = modelFor(protocol);
    if (model.isParsed) {
      if (seen !== undefined) this.worsen(seen, 'read');
      return;
    }
    const { request, response } = model.sizes(content);
    if (request + response === 0 || problems.includes('encrypted')) return;
    if (seen !== undefined) this.worsen(seen, 'raw');
    this.countStream(this.openStreams.get(number), -1);
    this.openStreams.delete(number);
    const { application } = model.operation(content, messages);
    const known = this.protocols.size < mostProtocols || this.protocols.has(application);
    const stream = { protocol: known ? application : null, isKept: model.isReadable(content, problems) };
    this.countStream(stream, 1);
    if (outcome === 'open') this.openStreams.set(number, stream);
  }

  stats(): Coverage {
    const { silent, read, raw, unread } = this.counts;
    const protocols = [...this.protocols].map(([protocol, streams]) => ({ protocol, streams }));
    const groups = [...this.groups.values()].map(groupStats);
    return {
      connections: silent + read + raw + unread,
      read,
      raw,
      unread,
      silent,
      rawProtocols: protocols.sort((a, b) => b.streams - a.streams),
      rawNotKept: this.rawNotKept,
      unreadTls: groups.sort((a, b) => b.connections - a.connections),
      others: [...this.others.values()].map(otherStats).sort((a, b) => b.sockets - a.sockets),
    };
  }

  private countStream(stream: Stream | undefined, times: 1 | -1): void {
    if (stream === undefined) return;
    const { protocol, isKept } = stream;
    const streams = (this.protocols.get(protocol) ?? 0) + times;
    if (streams === 0) this.protocols.delete(protocol);
    else this.protocols.set(protocol, streams);
    if (!isKept) this.rawNotKept += times;
  }

  private worsen(seen: Seen, fate: Fate): void {
    if (fates.indexOf(fate) <= fates.indexOf(seen.fate)) return;
    this.counts[seen.fate]--;
    this.counts[fate]++;
    seen.fate = fate;
  }

  private groupFor(process: ProcessInfo, unread: UnreadTls): Group {
    const key = `${process.name}\0${unread.library}\0${unread.reason}`;
    const known = this.groups.get(key);
    if (known !== undefined) return known;
    if (this.groups.size >= mostGroups && process !== others) return this.groupFor(others, unread);
    const group = { process, pids: new Set<number>(), unread, connections: 0 };
    this.groups.set(key, group);
    return group;
  }

  private othersFor(event: OtherSocketEvent): Others {
    const key = `${event.process.name}\0${event.socketKind}`;
    const known = this.others.get(key);
    if (known !== undefined) return known;
    if (this.others.size >= mostGroups && event.process !== others)
      return this.othersFor({ ...event, process: others, socketKind: 'others', peer: null });
    const group = { first: event, pids: new Set<number>(), isOnePeer: true, sockets: 0 };
    this.others.set(key, group);
    return group;
  }
}

function otherStats({ first, pids, isOnePeer, sockets }: Others): OtherGroup {
  const { process, socketKind, peer } = first;
  return { process, processes: pids.size, socketKind, peer, isOnePeer, sockets };
}

function groupStats({ process, pids, unread, connections }: Group): UnreadGroup {
  return { process, processes: pids.size, ...unread, connections };
}
