/**
 * A file of packets as a source. Its clock is that of the packets, so that nothing lapses while it is read, and the same
 * file gives the same events. TLS is read where a key log holds its secrets, and counted where not.
 */
import { Budget } from '../../follow/budget';
import { Follower } from '../../follow/follower';
import { defaultLimits } from '../../follow/limits';
import type { SourceEvent } from '../events';
import type { Source, SourceSink } from '../source';
import { type Capture, openCapture, type Packet } from './capture-file';
import { Connections } from './connections';
import { OrderedConnection } from './ordered-connection';
import { segmentIn, type Unread } from './segment';
import { KeyLog } from './tls/key-log';

export interface PcapOptions extends SourceSink {
  /** From whose side it is told: the servers', or the clients'. */
  readonly direction: 'inbound' | 'outbound';
  /** The text of a key log (SSLKEYLOGFILE); '' where there is none. */
  readonly keyLog: string;
}

export interface PcapSource extends Source {
  /** Reads on; false once everything was told. */
  read(): boolean;
  /** What was not read, and why, in words for people. Whole once everything was told. */
  notes(): readonly string[];
}

/** Null where the bytes are of no capture file. */
export function openPcapSource(bytes: Buffer, options: PcapOptions): PcapSource | null {
  const capture = openCapture(bytes);
  return capture === null ? null : new FileSource(capture, options);
}

/** Whether the bytes begin as a capture file does. */
export function isCapture(bytes: Uint8Array): boolean {
  return openCapture(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)) !== null;
}

/** A packet that was lost and sent again comes late by seconds, not by the milliseconds that CPUs are out of step. */
const limits = { ...defaultLimits, holeUs: 30_000_000, patienceUs: 30_000_000, heldBytes: 16 * 1024 * 1024 };
const packetsAtOnce = 1000;

class FileSource implements PcapSource {
  private readonly packets: Iterator<Packet>;
  private readonly keys: KeyLog;
  private readonly follower: Follower;
  private readonly connections: Connections;
  private readonly unread: Record<Unread, number> = { other: 0, fragment: 0, link: 0 };
  private atUs = 0;
  private isPaused = false;
  private isOver = false;
  private givenKeys = 0;

  constructor(
    private readonly capture: Capture,
    options: PcapOptions,
  ) {
    this.packets = capture.packets[Symbol.iterator]();
    this.keys = new KeyLog(options.keyLog);
    // At once: the bytes of those that waited for earlier ones are let go of afterwards.
    const emit = (event: SourceEvent): void => options.onEvents([event]);
    this.follower = new Follower({
      between: () => undefined,
      limits,
      budget: new Budget(limits.totalBytes),
      open: (event) => new OrderedConnection(event, { keys: this.keys, emit }),
      onUnopened: () => undefined,
    });
    this.connections = new Connections({
      direction: options.direction,
      most: limits.connections,
      onEvent: (event) => this.follower.push(event),
    });
  }

  read(): boolean {
    for (let left = packetsAtOnce; left > 0 && !this.isPaused && !this.isOver; left--) {
      const { value: packet, done } = this.packets.next();
      if (done === true) this.finish();
      else this.take(packet);
    }
    this.follower.sweep(this.atUs);
    return !this.isOver;
  }

  pause(paused: boolean): void {
    this.isPaused = paused;
  }

  async stop(): Promise<void> {
    if (!this.isOver) this.finish();
  }

  nowUs(): number {
    return this.atUs;
  }

  notes(): readonly string[] {
    const { other, fragment, link } = this.unread;
    return [
      ...(this.capture.isCut() ? ['the file ends in the middle of a packet'] : []),
      ...(fragment > 0 ? [`${fragment} fragments of IP packets are not put together: their bytes are missing`] : []),
      ...(link > 0 ? [`${link} packets of a kind of link that is not known are left out`] : []),
      ...(other > 0 ? [`${other} packets that are not TCP are left out`] : []),
    ];
  }

  private take(packet: Packet): void {
    for (; this.givenKeys < this.capture.keyLog.length; this.givenKeys++)
      this.keys.add(this.capture.keyLog[this.givenKeys] ?? '');
    this.atUs = Math.max(this.atUs, packet.atUs);
    const segment = segmentIn(packet);
    if (typeof segment === 'string') this.unread[segment]++;
    else this.connections.push(segment);
  }

  private finish(): void {
    this.isOver = true;
    this.connections.finish();
    this.follower.end(this.atUs);
  }
}
