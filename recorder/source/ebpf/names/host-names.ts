/**
 * Which name stands for an address, as each process was told it: by DNS over UDP and TCP, and by systemd-resolved. The last
 * answer counts, for as long as the process lives: a connection may be made long after it was valid. Pure.
 */
import type { HostName, NameSource } from '../../../../tape/model/connection-facts';
import { addressOf, addressText } from '../decode/address';
import { keepYoungest } from '../keep-youngest';
import { type DnsAnswer, dnsAnswer } from './dns-message';
import { DnsStream } from './dns-stream';
import { ResolvedTalk, resolvedSocket } from './resolved-talk';

/** Processes, addresses of one, and connections to who knows names: beyond it the oldest is forgotten. */
const knownMost = 4096;

interface Piece {
  readonly pid: number;
  readonly direction: 'sent' | 'received';
  readonly position: number;
  readonly bytes: Uint8Array;
  readonly size: number;
}

type Talk = DnsStream | ResolvedTalk;

export class HostNames {
  private readonly byProcess = new Map<number, Map<string, HostName>>();
  private readonly talks = new Map<number, Talk>();

  /** A connection begins: to a DNS server, perhaps. */
  open(socket: number, remote: string): void {
    if (remote.endsWith(':53')) keepYoungest(this.talks, socket, new DnsStream(), knownMost);
    else if (remote === resolvedSocket) keepYoungest(this.talks, socket, new ResolvedTalk(), knownMost);
  }

  close(socket: number): void {
    this.talks.delete(socket);
  }

  /** Bytes of any connection; those of others than the ones above say nothing. */
  takeStream(socket: number, { pid, direction, position, bytes, size }: Piece): void {
    const talk = this.talks.size === 0 ? undefined : this.talks.get(socket);
    if (talk === undefined) return;
    if (talk instanceof ResolvedTalk) {
      for (const answer of talk.take(direction, bytes, size)) this.learn(pid, answer, 'resolved');
    } else if (direction === 'received') {
      for (const message of talk.take(position, bytes, size)) this.takeDatagram(pid, message);
    }
  }

  /** What a DNS server said in one message. */
  takeDatagram(pid: number, message: Uint8Array): void {
    const answer = dnsAnswer(message);
    if (answer !== null) this.learn(pid, answer, 'dns');
  }

  /** Of `address:port`, as the process knows it. */
  of(pid: number, endpoint: string): { readonly hostName?: HostName } {
    const names = this.byProcess.get(pid);
    const address = names === undefined ? null : addressOf(endpoint);
    const hostName = address === null ? undefined : names?.get(address);
    return hostName === undefined ? {} : { hostName };
  }

  /** A child knows what its parent was told until then. */
  fork(parent: number, child: number): void {
    const names = this.byProcess.get(parent);
    if (names !== undefined) keepYoungest(this.byProcess, child, new Map(names), knownMost);
  }

  forgetProcess(pid: number): void {
    this.byProcess.delete(pid);
  }

  private learn(pid: number, { name, addresses }: DnsAnswer, source: NameSource): void {
    const names = this.byProcess.get(pid) ?? new Map<string, HostName>();
    keepYoungest(this.byProcess, pid, names, knownMost);
    for (const address of addresses)
      keepYoungest(
        names,
        addressText(new DataView(address.buffer, address.byteOffset, address.length)),
        { name, source },
        knownMost,
      );
  }
}
