/** Builds batches as the addon hands them over, for tests that need no kernel. */
import { WIRE_VERSION, wireLayout, wireSizes, wireType } from '../../recorder/source/ebpf/decode/wire';

export interface WireFields {
  readonly type: keyof typeof wireType;
  readonly direction?: number;
  readonly layer?: number;
  readonly reason?: number;
  readonly role?: number;
  readonly flags?: number;
  readonly pid?: number;
  readonly thread?: number;
  readonly atNs?: number;
  readonly socket?: number;
  readonly tls?: number;
  readonly position?: number;
  readonly size?: number;
  readonly bytes?: Uint8Array;
  /** open, listen */
  readonly family?: number;
  readonly local?: readonly [address: readonly number[], port: number];
  readonly remote?: readonly [address: readonly number[], port: number];
  /** openUnix: what unix_address holds, a leading NUL included */
  readonly localName?: string;
  readonly remoteName?: string;
  /** TLS data: records and bytes sealed before */
  readonly sealedBefore?: readonly [records: number, bytes: number];
  /** sealed */
  readonly added?: readonly [records: number, bytes: number];
  readonly cipher?: number;
  readonly helloVersion?: number;
  /** close */
  readonly sentSealed?: readonly [records: number, bytes: number];
  readonly receivedSealed?: readonly [records: number, bytes: number];
  readonly sent?: number;
  readonly received?: number;
  readonly error?: number;
  readonly told?: number;
  readonly roundTripUs?: number;
  readonly resent?: number;
  readonly window?: number;
  /** tlsAgreed: the name of a protocol */
  readonly agreed?: string;
  /** otherSocket; its family is `family` */
  readonly protocol?: number;
  readonly peer?: readonly [cid: number, port: number];
  /** fork, exec, exit */
  readonly other?: number;
  readonly name?: string;
}

/** One event in the layout of bpf/wire.h, padded to eight bytes. */
export function wireBytes(fields: WireFields): Buffer {
  const type = wireType[fields.type];
  const captured = fields.bytes?.length ?? 0;
  const used =
    fields.type === 'data' || fields.type === 'answer' ? headerBytes + captured : (wireSizes[type] ?? headerBytes);
  const event = Buffer.alloc((used + 7) & ~7);
  const put = (field: keyof typeof wireLayout, value: number | Uint8Array) => write(event, wireLayout[field], value);
  put('wire_header.version', WIRE_VERSION);
  put('wire_header.type', type);
  put('wire_header.direction', fields.direction ?? 0);
  put('wire_header.layer', fields.layer ?? 0);
  put('wire_header.reason', fields.reason ?? 0);
  put('wire_header.role', fields.role ?? 0);
  put('wire_header.flags', fields.flags ?? 0);
  put('wire_header.tgid', fields.pid ?? 4711);
  put('wire_header.tid', fields.thread ?? fields.pid ?? 4711);
  put('wire_header.at_ns', fields.atNs ?? 0);
  put('wire_header.socket', fields.socket ?? 0);
  put('wire_header.tls', fields.tls ?? 0);
  put('wire_header.position', fields.position ?? 0);
  put('wire_header.size', fields.size ?? captured);
  put('wire_header.captured', captured);
  put('wire_header.sealed_records', fields.sealedBefore?.[0] ?? 0);
  put('wire_header.sealed_bytes', fields.sealedBefore?.[1] ?? 0);
  putSpecifics(put, fields);
  if (fields.bytes !== undefined) event.set(fields.bytes, headerBytes);
  return event;
}

const headerBytes = wireLayout.wire_header[1];

function write(event: Buffer, [offset, size]: readonly [number, number], value: number | Uint8Array): void {
  if (typeof value !== 'number') event.set(value, offset);
  else if (size === 8) event.writeBigUInt64LE(BigInt(value), offset);
  else event.writeUIntLE(value % 2 ** (8 * size), offset, size);
}

type Put = (field: keyof typeof wireLayout, value: number | Uint8Array) => void;

function putSpecifics(put: Put, fields: WireFields): void {
  if (fields.type === 'open' || fields.type === 'listen') {
    put('wire_open.family', fields.family ?? 2);
    put('wire_open.local_port', fields.local?.[1] ?? 0);
    put('wire_open.remote_port', fields.remote?.[1] ?? 0);
    put('wire_open.netns', 1);
    put('wire_open.local', Buffer.from(fields.local?.[0] ?? [127, 0, 0, 1]));
    put('wire_open.remote', Buffer.from(fields.remote?.[0] ?? [127, 0, 0, 1]));
  }
  if (fields.type === 'openUnix') {
    put('wire_open_unix.local_length', fields.localName?.length ?? 0);
    put('wire_open_unix.remote_length', fields.remoteName?.length ?? 0);
    put('wire_open_unix.local', Buffer.from(fields.localName ?? ''));
    put('wire_open_unix.remote', Buffer.from(fields.remoteName ?? ''));
  }
  if (fields.type === 'sealed') {
    put('wire_sealed.records', fields.added?.[0] ?? 0);
    put('wire_sealed.bytes', fields.added?.[1] ?? 0);
    put('wire_sealed.cipher', fields.cipher ?? 0);
    put('wire_sealed.version', fields.helloVersion ?? 0);
  }
  if (fields.type === 'close' || fields.type === 'tlsClose' || fields.type === 'standing') {
    put('wire_close.sent', fields.sent ?? 0);
    put('wire_close.received', fields.received ?? 0);
    put('wire_close.error', fields.error ?? 0);
    put('wire_close.sent_records', fields.sentSealed?.[0] ?? 0);
    put('wire_close.sent_sealed', fields.sentSealed?.[1] ?? 0);
    put('wire_close.received_records', fields.receivedSealed?.[0] ?? 0);
    put('wire_close.received_sealed', fields.receivedSealed?.[1] ?? 0);
    put('wire_close.told', fields.told ?? 0);
    put('wire_close.round_trip_us', fields.roundTripUs ?? 0);
    put('wire_close.resent', fields.resent ?? 0);
    put('wire_close.window', fields.window ?? 0);
  }
  if (fields.type === 'otherSocket') {
    put('wire_other.family', fields.family ?? 40);
    put('wire_other.protocol', fields.protocol ?? 0);
    put('wire_other.cid', fields.peer?.[0] ?? 0xffffffff);
    put('wire_other.port', fields.peer?.[1] ?? 0);
  }
  if (fields.agreed !== undefined) {
    put('wire_header.size', fields.agreed.length);
    put('wire_agreed.name', Buffer.from(fields.agreed));
  }
  if (fields.name !== undefined) {
    put('wire_process.other', fields.other ?? 0);
    put('wire_process.name', Buffer.from(fields.name, 'latin1'));
  }
}

export function batchOf(...events: readonly WireFields[]): Buffer {
  return Buffer.concat(events.map(wireBytes));
}
