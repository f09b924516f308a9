/**
 * One packet down to its TCP segment: Ethernet with VLAN tags, Linux "cooked", loopback or bare IP; IPv4 and IPv6 with
 * extension headers. What is anything else is named by why it is not read. Pure; bytes are looked at, never copied.
 */
import type { Packet } from './capture-file';

export interface Segment {
  readonly atUs: number;
  /** `10.0.0.1:443`, IPv6 in brackets. */
  readonly from: string;
  readonly to: string;
  readonly fromPort: number;
  readonly toPort: number;
  /** Of its first byte; of a SYN, which counts as one, of the byte before. */
  readonly sequence: number;
  readonly isSyn: boolean;
  readonly isAck: boolean;
  readonly isFin: boolean;
  readonly isRst: boolean;
  /** What was captured of the payload, and how long it was. */
  readonly payload: Buffer;
  readonly size: number;
}

/** Why a packet is no segment. */
export type Unread = 'other' | 'fragment' | 'link';

export function segmentIn(packet: Packet): Segment | Unread {
  const ip = ipIn(packet);
  if (ip === null) return 'link';
  const { bytes } = packet;
  if (ip >= bytes.length) return 'other';
  const version = bytes.readUInt8(ip) >> 4;
  if (version === 4) return fromIpv4(packet, ip);
  return version === 6 ? fromIpv6(packet, ip) : 'other';
}

const etherIpv4 = 0x0800;
const etherIpv6 = 0x86dd;
const vlanTags = new Set([0x8100, 0x88a8, 0x9100]);

/** Where IP begins; the end of the packet where it holds something else. Null for links that are not known. */
function ipIn({ bytes, linkType }: Packet): number | null {
  switch (linkType) {
    case 1: // Ethernet
      return afterEther(bytes, 12);
    case 113: // Linux cooked
      return afterEther(bytes, 14);
    case 276: // Linux cooked, second version
      return bytes.length >= 20 && isIp(bytes.readUInt16BE(0)) ? 20 : bytes.length;
    case 0: // BSD loopback: the family, in the byte order of the machine
    case 108:
      return 4;
    case 12: // bare IP, as some systems number it
    case 14:
    case 101:
    case 228:
    case 229:
      return 0;
    default:
      return null;
  }
}

/** `at`: where the type of what comes next stands. */
function afterEther(bytes: Buffer, at: number): number {
  let type = at;
  while (type + 6 <= bytes.length && vlanTags.has(bytes.readUInt16BE(type))) type += 4;
  if (type + 2 > bytes.length || !isIp(bytes.readUInt16BE(type))) return bytes.length;
  return type + 2;
}

function isIp(etherType: number): boolean {
  return etherType === etherIpv4 || etherType === etherIpv6;
}

const tcp = 6;

function fromIpv4(packet: Packet, at: number): Segment | Unread {
  const { bytes, size } = packet;
  if (at + 20 > bytes.length) return 'other';
  const headerLength = (bytes.readUInt8(at) & 15) * 4;
  if (headerLength < 20) return 'other';
  // Zero where the network card cuts a large packet itself: it is as long as it was seen.
  const told = bytes.readUInt16BE(at + 2);
  const end = told === 0 ? size : Math.min(size, at + told);
  if (bytes.readUInt8(at + 9) !== tcp) return 'other';
  if ((bytes.readUInt16BE(at + 6) & 0x3fff) !== 0) return 'fragment';
  const address = (from: number): string => bytes.subarray(from, from + 4).join('.');
  return fromTcp(packet, { at: at + headerLength, end, from: address(at + 12), to: address(at + 16) });
}

const authentication = 51;
/** Hop-by-hop, routing, authentication and destination options, which tell their length. */
const extensions = new Set([0, 43, authentication, 60]);
const fragmentHeader = 44;

function fromIpv6(packet: Packet, at: number): Segment | Unread {
  const { bytes, size } = packet;
  if (at + 40 > bytes.length) return 'other';
  const told = bytes.readUInt16BE(at + 4);
  const end = told === 0 ? size : Math.min(size, at + 40 + told);
  let next = bytes.readUInt8(at + 6);
  let header = at + 40;
  while (extensions.has(next) && header + 2 <= bytes.length) {
    const length = bytes.readUInt8(header + 1);
    const after = bytes.readUInt8(header);
    header += next === authentication ? (length + 2) * 4 : (length + 1) * 8;
    next = after;
  }
  if (next === fragmentHeader) return 'fragment';
  if (next !== tcp) return 'other';
  return fromTcp(packet, { at: header, end, from: ipv6Text(bytes, at + 8), to: ipv6Text(bytes, at + 24) });
}

interface TcpPlace {
  readonly at: number;
  readonly end: number;
  readonly from: string;
  readonly to: string;
}

function fromTcp({ bytes, atUs }: Packet, { at, end, from, to }: TcpPlace): Segment | Unread {
  if (at + 20 > bytes.length) return 'other';
  const data = at + (bytes.readUInt8(at + 12) >> 4) * 4;
  if (data < at + 20) return 'other';
  const flags = bytes.readUInt8(at + 13);
  const [fromPort, toPort] = [bytes.readUInt16BE(at), bytes.readUInt16BE(at + 2)];
  return {
    atUs,
    from: `${from}:${fromPort}`,
    to: `${to}:${toPort}`,
    fromPort,
    toPort,
    sequence: bytes.readUInt32BE(at + 4),
    isFin: (flags & 1) !== 0,
    isSyn: (flags & 2) !== 0,
    isRst: (flags & 4) !== 0,
    isAck: (flags & 16) !== 0,
    payload: bytes.subarray(Math.min(data, bytes.length), Math.max(data, Math.min(end, bytes.length))),
    size: Math.max(0, end - data),
  };
}

/** RFC 5952: lower-case, the longest run of zeros shortened. */
function ipv6Text(bytes: Buffer, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(at + i * 2).toString(16));
  const runs = [...groups.join(':').matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].map(([run]) => run);
  const longest = runs.reduce((a, b) => (b.length > a.length ? b : a), '');
  const text = groups.join(':');
  return `[${longest === '' ? text : text.replace(longest, '::').replace(/:{3,}/, '::')}]`;
}
