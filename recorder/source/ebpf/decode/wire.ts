/**
 * Twin of bpf/wire.h: where each field of an event lies. A test compares it with the C++ side's view of the header, and
 * decode.ts reads by it. Numbers travel: never reuse one.
 */
export const WIRE_VERSION = 1;

export const wireType = {
  open: 1,
  data: 2,
  close: 3,
  tlsBind: 4,
  tlsClose: 5,
  fork: 6,
  exec: 7,
  exit: 8,
  listen: 9,
  tlsSeen: 10,
  openUnix: 11,
  sealed: 12,
  standing: 13,
  answer: 14,
  tlsAgreed: 15,
  otherSocket: 16,
  counted: 17,
} as const;

export const wireDirection = { received: 0, sent: 1 } as const;
export const wireLayer = { socket: 0, tls: 1 } as const;
export const wireRole = { unknown: 0, outbound: 1, inbound: 2 } as const;
export const wireReason = { whole: 0, overLimit: 1, unreadableCall: 2, fault: 3, leftOut: 4, inPackets: 5 } as const;
export const wireBinding = { nested: 1, ciphertextSent: 2, ciphertextReceived: 3, within: 4, descriptor: 5 } as const;
export const wireTold = { roundTrip: 1, resent: 2, window: 4, sentEnd: 8, receivedEnd: 16, left: 32 } as const;
/** Which TLS library an event is of; the words reach the tape. */
export const wireLibrary = {
  openssl: 0,
  go: 1,
  gnutls: 2,
  nss: 3,
  mbedtls: 4,
  wolfssl: 5,
  rustls: 6,
  jsse: 7,
  s2n: 8,
  boringssl: 9,
} as const;
export type TlsLibraryName = keyof typeof wireLibrary;
export const wireFlag = {
  startedEarlier: 0x1,
  socketTls: 0x2,
  account: 0x4,
  maybeTls: 0x8,
  nested: 0x10,
  callBegins: 0x20,
  fromPacket: 0x40,
  byRequest: 0x80,
  notSampled: 0x100,
} as const;

/** Offset and size of each field, by `struct.field`. */
export const wireLayout = {
  wire_header: [0, 64],
  'wire_header.version': [0, 1],
  'wire_header.type': [1, 1],
  'wire_header.direction': [2, 1],
  'wire_header.layer': [3, 1],
  'wire_header.reason': [4, 1],
  'wire_header.role': [5, 1],
  'wire_header.flags': [6, 2],
  'wire_header.tgid': [8, 4],
  'wire_header.tid': [12, 4],
  'wire_header.at_ns': [16, 8],
  'wire_header.socket': [24, 8],
  'wire_header.tls': [32, 8],
  'wire_header.position': [40, 8],
  'wire_header.size': [48, 4],
  'wire_header.captured': [52, 4],
  'wire_header.sealed_records': [56, 4],
  'wire_header.sealed_bytes': [60, 4],
  wire_open: [0, 112],
  'wire_open.family': [64, 2],
  'wire_open.local_port': [66, 2],
  'wire_open.remote_port': [68, 2],
  'wire_open.netns': [72, 4],
  'wire_open.local': [80, 16],
  'wire_open.remote': [96, 16],
  wire_open_unix: [0, 296],
  'wire_open_unix.local_length': [64, 1],
  'wire_open_unix.remote_length': [65, 1],
  'wire_open_unix.local': [72, 112],
  'wire_open_unix.remote': [184, 112],
  wire_sealed: [0, 80],
  'wire_sealed.records': [64, 4],
  'wire_sealed.bytes': [68, 4],
  'wire_sealed.cipher': [72, 2],
  'wire_sealed.version': [74, 2],
  wire_close: [0, 120],
  'wire_close.sent': [64, 8],
  'wire_close.received': [72, 8],
  'wire_close.error': [80, 4],
  'wire_close.sent_records': [84, 4],
  'wire_close.sent_sealed': [88, 4],
  'wire_close.received_records': [92, 4],
  'wire_close.received_sealed': [96, 4],
  'wire_close.told': [100, 4],
  'wire_close.round_trip_us': [104, 4],
  'wire_close.resent': [108, 4],
  'wire_close.window': [112, 4],
  wire_agreed: [0, 128],
  'wire_agreed.name': [64, 64],
  wire_other: [0, 80],
  'wire_other.family': [64, 2],
  'wire_other.protocol': [66, 2],
  'wire_other.cid': [68, 4],
  'wire_other.port': [72, 4],
  wire_process: [0, 88],
  'wire_process.other': [64, 4],
  'wire_process.name': [72, 16],
} as const satisfies Record<string, readonly [offset: number, size: number]>;

/** Offset of a field within its event. */
export function offsetOf(field: keyof typeof wireLayout): number {
  return wireLayout[field][0];
}

/** How long an event of this type is; those of data, and answers, are longer by what they captured. */
export const wireSizes: Readonly<Record<number, number>> = {
  [wireType.open]: wireLayout.wire_open[1],
  [wireType.listen]: wireLayout.wire_open[1],
  [wireType.openUnix]: wireLayout.wire_open_unix[1],
  [wireType.sealed]: wireLayout.wire_sealed[1],
  [wireType.close]: wireLayout.wire_close[1],
  [wireType.tlsClose]: wireLayout.wire_close[1],
  [wireType.standing]: wireLayout.wire_close[1],
  [wireType.tlsAgreed]: wireLayout.wire_agreed[1],
  [wireType.otherSocket]: wireLayout.wire_other[1],
  [wireType.fork]: wireLayout.wire_process[1],
  [wireType.exec]: wireLayout.wire_process[1],
  [wireType.exit]: wireLayout.wire_process[1],
};
