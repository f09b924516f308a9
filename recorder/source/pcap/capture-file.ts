/**
 * Packets of a capture file: pcap (libpcap's, micro- and nanoseconds, either byte order) and pcapng. Reads blocks it knows
 * and steps over the others. A file cut in the middle of a packet gives the packets before it.
 */

export interface Packet {
  readonly atUs: number;
  /** LINKTYPE of tcpdump.org: 1 is Ethernet. */
  readonly linkType: number;
  readonly bytes: Buffer;
  /** How long it was; more than `bytes.length` where the capture kept the beginning alone. */
  readonly size: number;
}

export interface Capture {
  readonly packets: Iterable<Packet>;
  /** Lines of a key log that lie in the file itself. Whole once the packets were read. */
  readonly keyLog: string[];
  /** Whether the file ends in the middle of a packet. Known once the packets were read. */
  isCut(): boolean;
}

/** Null where the bytes are of no such file. */
export function openCapture(bytes: Buffer): Capture | null {
  if (bytes.length < 24) return null;
  if (bytes.readUInt32BE(0) === sectionHeader) return new NextGeneration(bytes);
  const magic = magics.find(({ value }) => bytes.readUInt32BE(0) === value);
  return magic === undefined ? null : new Classic(bytes, magic);
}

interface Magic {
  readonly value: number;
  readonly isLittle: boolean;
  /** What a unit of the fraction is, in microseconds. */
  readonly fractionUs: number;
}

const magics: readonly Magic[] = [
  { value: 0xa1b2c3d4, isLittle: false, fractionUs: 1 },
  { value: 0xd4c3b2a1, isLittle: true, fractionUs: 1 },
  { value: 0xa1b23c4d, isLittle: false, fractionUs: 1e-3 },
  { value: 0x4d3cb2a1, isLittle: true, fractionUs: 1e-3 },
];

/** More is no packet; a length like that is damage. */
const longestPacket = 16 * 1024 * 1024;

class Classic implements Capture {
  readonly keyLog: string[] = [];
  private cut = false;

  constructor(
    private readonly bytes: Buffer,
    private readonly magic: Magic,
  ) {}

  isCut(): boolean {
    return this.cut;
  }

  get packets(): Iterable<Packet> {
    return this.read();
  }

  private *read(): IterableIterator<Packet> {
    const { bytes } = this;
    const linkType = this.u32(20) & 0x0fffffff;
    let at = 24;
    for (; at + 16 <= bytes.length; ) {
      const captured = this.u32(at + 8);
      if (captured > longestPacket || at + 16 + captured > bytes.length) break;
      const atUs = this.u32(at) * 1_000_000 + Math.floor(this.u32(at + 4) * this.magic.fractionUs);
      const content = bytes.subarray(at + 16, at + 16 + captured);
      yield { atUs, linkType, bytes: content, size: Math.max(captured, this.u32(at + 12)) };
      at += 16 + captured;
    }
    this.cut = at < bytes.length;
  }

  private u32(at: number): number {
    return this.magic.isLittle ? this.bytes.readUInt32LE(at) : this.bytes.readUInt32BE(at);
  }
}

/** Block types of pcapng. */
const sectionHeader = 0x0a0d0d0a;
const interfaceDescription = 1;
const simplePacket = 3;
const enhancedPacket = 6;
const decryptionSecrets = 10;

/** "TLSK": lines of a key log. */
const tlsKeyLog = 0x544c534b;
const littleMark = 0x4d3c2b1a;

interface Interface {
  readonly linkType: number;
  /** What a unit of its stamps is, in microseconds. */
  readonly unitUs: number;
  /** Seconds to add. */
  readonly offsetS: number;
  readonly snapLength: number;
}

class NextGeneration implements Capture {
  readonly keyLog: string[] = [];
  private cut = false;
  private isLittle = false;
  private interfaces: Interface[] = [];

  constructor(private readonly bytes: Buffer) {}

  isCut(): boolean {
    return this.cut;
  }

  get packets(): Iterable<Packet> {
    return this.read();
  }

  private *read(): IterableIterator<Packet> {
    const { bytes } = this;
    let at = 0;
    for (; at + 12 <= bytes.length; ) {
      const type = this.u32(at);
      if (bytes.readUInt32BE(at) === sectionHeader) this.beginSection(at);
      const length = this.u32(at + 4);
      if (length < 12 || length % 4 !== 0 || at + length > bytes.length) break;
      const packet = this.block(
        bytes.readUInt32BE(at) === sectionHeader ? sectionHeader : type,
        at + 8,
        at + length - 4,
      );
      if (packet !== null) yield packet;
      at += length;
    }
    this.cut = at < bytes.length;
  }

  private beginSection(at: number): void {
    this.isLittle = this.bytes.readUInt32BE(at + 8) === littleMark;
    this.interfaces = [];
  }

  private block(type: number, from: number, to: number): Packet | null {
    if (type === interfaceDescription && to - from >= 8) this.interfaces.push(this.interfaceIn(from, to));
    if (type === decryptionSecrets && to - from >= 8) this.addKeys(from, to);
    if (type === enhancedPacket && to - from >= 20) return this.enhanced(from, to);
    return type === simplePacket && to - from >= 4 ? this.simple(from, to) : null;
  }

  private interfaceIn(from: number, to: number): Interface {
    const snapLength = this.u32(from + 4);
    let unitUs = 1;
    let offsetS = 0;
    for (let at = from + 8; at + 4 <= to; ) {
      const [code, length] = [this.u16(at), this.u16(at + 2)];
      if (code === 0 || at + 4 + length > to) break;
      if (code === 9 && length >= 1) unitUs = unitOf(this.bytes.readUInt8(at + 4));
      if (code === 14 && length >= 8) offsetS = this.isLittle ? this.u32(at + 4) : this.u32(at + 8);
      at += 4 + length + ((4 - (length % 4)) % 4);
    }
    return { linkType: this.u16(from), unitUs, offsetS, snapLength };
  }

  private enhanced(from: number, to: number): Packet | null {
    const found = this.interfaces[this.u32(from)];
    const captured = this.u32(from + 12);
    if (found === undefined || captured > to - from - 20) return null;
    const stamp = this.u32(from + 4) * 2 ** 32 + this.u32(from + 8);
    const atUs = Math.floor(stamp * found.unitUs) + found.offsetS * 1_000_000;
    const content = this.bytes.subarray(from + 20, from + 20 + captured);
    return { atUs, linkType: found.linkType, bytes: content, size: Math.max(captured, this.u32(from + 16)) };
  }

  /** Such a packet has no time. */
  private simple(from: number, to: number): Packet | null {
    const [found] = this.interfaces;
    if (found === undefined) return null;
    const size = this.u32(from);
    const limit = found.snapLength === 0 ? size : Math.min(size, found.snapLength);
    const content = this.bytes.subarray(from + 4, Math.min(to, from + 4 + limit));
    return { atUs: 0, linkType: found.linkType, bytes: content, size: Math.max(size, content.length) };
  }

  private addKeys(from: number, to: number): void {
    const length = Math.min(this.u32(from + 4), to - from - 8);
    if (this.u32(from) === tlsKeyLog) this.keyLog.push(this.bytes.toString('latin1', from + 8, from + 8 + length));
  }

  private u16(at: number): number {
    return this.isLittle ? this.bytes.readUInt16LE(at) : this.bytes.readUInt16BE(at);
  }

  private u32(at: number): number {
    return this.isLittle ? this.bytes.readUInt32LE(at) : this.bytes.readUInt32BE(at);
  }
}

/** A power of ten, or of two where the highest bit is set; in microseconds. */
function unitOf(resolution: number): number {
  return resolution & 0x80 ? 1e6 * 2 ** -(resolution & 0x7f) : 1e6 * 10 ** -resolution;
}
