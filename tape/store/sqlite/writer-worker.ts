/** The thread that writes: takes orders in the sequence they were posted, answers each, and survives a full disk. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ErrorCode } from '../../../errors/catalogue';
import { WiretapeError } from '../../../errors/wiretape-error';
import type { GatheredFile } from '../../body/protobuf/gathered';
import type { Loss, SessionEnd, SessionId, SessionStart } from '../tape';
import { type PackedExchanges, unpack } from './pack';
import { openTapeWriter, type SqliteTapeWriter } from './writer';

export type Order =
  | { readonly kind: 'begin'; readonly start: SessionStart }
  | { readonly kind: 'append'; readonly session: SessionId; readonly packed: PackedExchanges }
  | { readonly kind: 'loss'; readonly session: SessionId; readonly loss: Loss }
  | { readonly kind: 'proto-file'; readonly session: SessionId; readonly file: GatheredFile }
  | { readonly kind: 'end'; readonly session: SessionId; readonly end: SessionEnd }
  | { readonly kind: 'check' }
  | { readonly kind: 'abandon' }
  | { readonly kind: 'close' };

/** The answer to an order; errors travel as plain data, as classes do not survive the trip. */
export type Answer =
  | { readonly ok: true; readonly value: string | null }
  | { readonly ok: false; readonly error: PlainError };

export interface PlainError {
  /** Null for a fault that is no WiretapeError. */
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly seen: readonly string[];
  readonly remedies: readonly string[];
}

function follow(order: Order, writer: SqliteTapeWriter): string | null {
  switch (order.kind) {
    case 'begin':
      return writer.beginSession(order.start);
    case 'append':
      writer.appendPrepared(order.session, unpack(order.packed));
      return null;
    case 'loss':
      writer.noteLoss(order.session, order.loss);
      return null;
    case 'proto-file':
      writer.keepProtoFile(order.session, order.file);
      return null;
    case 'end':
      writer.endSession(order.session, order.end);
      return null;
    case 'check':
      writer.requireThere();
      return null;
    case 'abandon':
      writer.abandon();
      return null;
    case 'close':
      closeWhole(writer);
      return null;
  }
}

/** A tape that is gone by now was recorded for nobody. */
function closeWhole(writer: SqliteTapeWriter): void {
  try {
    writer.requireThere();
  } finally {
    writer.close();
  }
}

/** What cannot be written any more is the end of the session, and the tape says so if anything can still be written. */
function followOrEnd(order: Order, writer: SqliteTapeWriter): string | null {
  try {
    return follow(order, writer);
  } catch (error) {
    if (order.kind === 'append' || order.kind === 'loss' || order.kind === 'proto-file') {
      writer.cutShort(error instanceof WiretapeError && error.code === 'TAPE_FULL' ? 'disk-full' : 'failed');
    }
    throw error;
  }
}

function answering(run: () => string | null): Answer {
  try {
    return { ok: true, value: run() };
  } catch (thrown) {
    return { ok: false, error: plainError(thrown) };
  }
}

function plainError(thrown: unknown): PlainError {
  if (thrown instanceof WiretapeError) {
    return { code: thrown.code, message: thrown.message, seen: thrown.seen, remedies: thrown.remedies };
  }
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return { code: null, message: error.message, seen: [], remedies: [] };
}

function serve(port: NonNullable<typeof parentPort>): void {
  let writer: SqliteTapeWriter | undefined;
  port.postMessage(
    answering(() => {
      writer = openTapeWriter((workerData as { path: string }).path);
      return null;
    }),
  );
  port.on('message', (order: Order) => {
    const open = writer;
    if (open !== undefined) port.postMessage(answering(() => followOrEnd(order, open)));
    if (order.kind === 'close' || order.kind === 'abandon') port.close();
  });
}

if (parentPort !== null) serve(parentPort);
