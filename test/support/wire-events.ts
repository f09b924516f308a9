/** Builds batches as the addon hands them over, for tests that need no kernel. */
import { WIRE_VERSION, wireType } from '../../recorder/source/ebpf/decode/wire';

export interface WireFields {
  readonly type: keyof typeof wireType;
  readonly direction?: number;
  readonly layer?: number;
  readonly reason?: number;
  readonly role?: number;
  readonly flags?: number;
  readonly pid?: number;
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
  /** close */
  readonly sent?: number;
  readonly received?: number;
  readonly error?: number;
  /** fork, exec, exit */
  readonly other?: number;
  readonly name?: string;
}

const sizes: Partial<Record<keyof typeof wireType, number>> = {
  open: 112,
  listen: 112,
  close: 88,
  tlsClose: 88,
  fork: 88,
  exec: 88,
  exit: 88,
};

/** One event in the layout of bpf/wire.h, padded to eight bytes. */
export function wireBytes(fields: WireFields): Buffer {
  const captured = fields.bytes?.length ?? 0;
  const used = fields.type === 'data' ? 64 + captured : (sizes[fields.type] ?? 64);
  const event = Buffer.alloc((used + 7) & ~7);
  event.set([
    WIRE_VERSION,
    wireType[fields.type],
    fields.direction ?? 0,
    fields.layer ?? 0,
    fields.reason ?? 0,
    fields.role ?? 0,
  ]);
  event.writeUInt16LE(fields.flags ?? 0, 6);
  event.writeUInt32LE(fields.pid ?? 4711, 8);
  event.writeBigUInt64LE(BigInt(fields.atNs ?? 0), 16);
  event.writeBigUInt64LE(BigInt(fields.socket ?? 0), 24);
  event.writeBigUInt64LE(BigInt(fields.tls ?? 0), 32);
  event.writeBigUInt64LE(BigInt(fields.position ?? 0), 40);
  event.writeUInt32LE(fields.size ?? captured, 48);
  event.writeUInt32LE(captured, 52);
  writeSpecifics(event, fields);
  return event;
}

function writeSpecifics(event: Buffer, fields: WireFields): void {
  if (fields.bytes !== undefined) event.set(fields.bytes, 64);
  if (fields.type === 'open' || fields.type === 'listen') {
    event.writeUInt16LE(fields.family ?? 2, 64);
    event.writeUInt16LE(fields.local?.[1] ?? 0, 66);
    event.writeUInt16LE(fields.remote?.[1] ?? 0, 68);
    event.writeUInt32LE(1, 72);
    event.set(fields.local?.[0] ?? [127, 0, 0, 1], 80);
    event.set(fields.remote?.[0] ?? [127, 0, 0, 1], 96);
  }
  if (fields.type === 'close' || fields.type === 'tlsClose') {
    event.writeBigUInt64LE(BigInt(fields.sent ?? 0), 64);
    event.writeBigUInt64LE(BigInt(fields.received ?? 0), 72);
    event.writeInt32LE(fields.error ?? 0, 80);
  }
  if (fields.name !== undefined) {
    event.writeUInt32LE(fields.other ?? 0, 64);
    event.write(fields.name, 72, 'latin1');
  }
}

export function batchOf(...events: readonly WireFields[]): Buffer {
  return Buffer.concat(events.map(wireBytes));
}
