/** Builds capture files packet by packet: what a test wants to see read, damaged in the ways it says. */

export interface TcpSketch {
  readonly from: 'client' | 'server';
  readonly flags?: string;
  readonly seq: number;
  readonly data?: string | Uint8Array;
  readonly atUs?: number;
  /** Bytes of the packet that the capture kept. */
  readonly kept?: number;
}

export interface LinkSketch {
  readonly linkType: number;
  readonly header: Buffer;
}

const etherHeader = (type: string) => Buffer.from(`0102030405060708090a0b0c${type}`, 'hex');

export const links: Readonly<Record<string, LinkSketch>> = {
  ethernet: { linkType: 1, header: etherHeader('0800') },
  'a VLAN in a VLAN': { linkType: 1, header: etherHeader('88a80001810000020800') },
  'Linux cooked': { linkType: 113, header: Buffer.from('00000001000600000000000000000800', 'hex') },
  'Linux cooked, version 2': { linkType: 276, header: Buffer.from('0800000000000001000100060000000000000000', 'hex') },
  loopback: { linkType: 0, header: Buffer.from('02000000', 'hex') },
  'bare IP': { linkType: 101, header: Buffer.alloc(0) },
};

export const startedAtUs = Date.UTC(2026, 10, 20, 10) * 1000;
export const ports = { client: 50112, server: 8080 };

/** A TCP segment in IPv4, without its link. */
export function ipv4(sketch: TcpSketch): Buffer {
  const tcp = tcpOf(sketch);
  const ip = Buffer.from('4500000000004000400600000a0000010a000002', 'hex');
  ip.writeUInt16BE(20 + tcp.length, 2);
  if (sketch.from === 'server') ip.write('0a0000020a000001', 12, 'hex');
  return Buffer.concat([ip, tcp]);
}

/** The same in IPv6, behind a header of hop-by-hop options. */
export function ipv6(sketch: TcpSketch): Buffer {
  const tcp = tcpOf(sketch);
  const ip = Buffer.alloc(40);
  ip.writeUInt8(0x60, 0);
  ip.writeUInt16BE(8 + tcp.length, 4);
  const [from, to] = sketch.from === 'client' ? [1, 2] : [2, 1];
  ip.write('20010db8', 8, 'hex');
  ip.writeUInt8(from, 23);
  ip.write('20010db8', 24, 'hex');
  ip.writeUInt8(to, 39);
  return Buffer.concat([ip, Buffer.from('0600050200000100', 'hex'), tcp]);
}

function tcpOf({ from, flags = 'A', seq, data = '' }: TcpSketch): Buffer {
  const header = Buffer.alloc(20);
  const [source, destination] = from === 'client' ? [ports.client, ports.server] : [ports.server, ports.client];
  header.writeUInt16BE(source, 0);
  header.writeUInt16BE(destination, 2);
  header.writeUInt32BE(seq >>> 0, 4);
  header.writeUInt8(0x50, 12);
  header.writeUInt8(
    [...'FSRPA'].reduce((bits, flag, i) => (flags.includes(flag) ? bits | (1 << i) : bits), 0),
    13,
  );
  return Buffer.concat([header, typeof data === 'string' ? Buffer.from(data, 'latin1') : data]);
}

export interface CaptureSketch {
  readonly link?: LinkSketch;
  readonly ip?: (sketch: TcpSketch) => Buffer;
  readonly format?: 'little' | 'big' | 'nanoseconds' | 'pcapng' | 'pcapng, big';
  /** Lines of a key log within the file; pcapng only. */
  readonly keyLog?: string;
}

/** A capture of the segments, each a millisecond after the one before. */
export function captureOf(sketches: readonly TcpSketch[], options: CaptureSketch = {}): Buffer {
  const { link = links.ethernet as LinkSketch, ip = ipv4 } = options;
  const packets = sketches.map((sketch, i) => ({
    atUs: sketch.atUs ?? startedAtUs + i * 1000,
    bytes: Buffer.concat([link.header, ip(sketch)]),
    kept: sketch.kept,
  }));
  return captureOfPackets(packets, { ...options, linkType: link.linkType });
}

export function captureOfPackets(
  packets: readonly { readonly atUs: number; readonly bytes: Buffer; readonly kept?: number | undefined }[],
  { format = 'little', linkType = 1, keyLog }: CaptureSketch & { readonly linkType?: number },
): Buffer {
  const isLittle = format === 'little' || format === 'nanoseconds' || format === 'pcapng';
  const u32 = (...values: readonly number[]) => {
    const bytes = Buffer.alloc(values.length * 4);
    for (const [i, value] of values.entries())
      if (isLittle) bytes.writeUInt32LE(value >>> 0, i * 4);
      else bytes.writeUInt32BE(value >>> 0, i * 4);
    return bytes;
  };
  const u16 = (value: number) => (isLittle ? u32(value).subarray(0, 2) : u32(value).subarray(2));
  if (format.startsWith('pcapng')) {
    const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
    const block = (type: number, ...content: readonly Buffer[]) => {
      const body = padded(Buffer.concat(content));
      return Buffer.concat([u32(type, body.length + 12), body, u32(body.length + 12)]);
    };
    const secrets = keyLog === undefined ? [] : [block(10, u32(0x544c534b, keyLog.length), Buffer.from(keyLog))];
    return Buffer.concat([
      block(0x0a0d0d0a, u32(0x1a2b3c4d), u16(1), u16(0), u32(0xffffffff, 0xffffffff)),
      block(1, u16(linkType), u16(0), u32(0)),
      ...secrets,
      block(5, u32(0, 0, 0)), // statistics, which nobody asked for
      ...packets.map(({ atUs, bytes, kept = bytes.length }) =>
        block(6, u32(0, Math.floor(atUs / 2 ** 32), atUs % 2 ** 32, kept, bytes.length), bytes.subarray(0, kept)),
      ),
    ]);
  }
  const isNano = format === 'nanoseconds';
  const head = Buffer.concat([u32(isNano ? 0xa1b23c4d : 0xa1b2c3d4), u16(2), u16(4), u32(0, 0, 262144, linkType)]);
  const records = packets.flatMap(({ atUs, bytes, kept = bytes.length }) => [
    u32(Math.floor(atUs / 1e6), (atUs % 1e6) * (isNano ? 1000 : 1), kept, bytes.length),
    bytes.subarray(0, kept),
  ]);
  return Buffer.concat([head, ...records]);
}

/** A handshake, the pieces of both sides in the order given, and the end. Sequence numbers count up from those given. */
export function conversation(
  pieces: readonly { readonly from: 'client' | 'server'; readonly data: string | Uint8Array }[],
  first = { client: 1000, server: 5000 },
): TcpSketch[] {
  const next = { client: first.client + 1, server: first.server + 1 };
  const sketches: TcpSketch[] = [
    { from: 'client', flags: 'S', seq: first.client },
    { from: 'server', flags: 'SA', seq: first.server },
    { from: 'client', seq: next.client },
  ];
  for (const { from, data } of pieces) {
    sketches.push({ from, flags: 'PA', seq: next[from], data });
    next[from] += data.length;
  }
  sketches.push({ from: 'client', flags: 'FA', seq: next.client }, { from: 'server', flags: 'FA', seq: next.server });
  return sketches;
}
