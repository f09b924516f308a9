/** Metadata of calls that is written in a way of its own: `-bin` fields in base64, and the message of a status behind percent signs. */
import { guessAt } from '../body/protobuf/guess';
import type { Path } from '../model/path';
import { decodePercent, encodePercent } from './percent';
import { redactProtobuf } from './protobuf';
import type { Scope } from './scope';
import { redactLexically } from './text';

export interface FieldContext extends Scope {
  readonly path: Path;
}

/** Several values of one field are joined by commas (gRPC, PROTOCOL-HTTP2). */
export function redactBinaryField(value: string, context: FieldContext): string {
  return value
    .split(',')
    .map((piece) => redactPiece(piece, context))
    .join(',');
}

function redactPiece(piece: string, context: FieldContext): string {
  const bytes = Buffer.from(piece, 'base64');
  const written = bytes.toString('base64');
  const isPadded = written === piece.trim();
  if (!isPadded && written.replace(/=+$/, '') !== piece.trim()) return redactAsText(piece, context);
  const after = redactBytes(bytes, context);
  if (after === bytes) return piece;
  const text = Buffer.from(after).toString('base64');
  return isPadded ? text : text.replace(/=+$/, '');
}

function redactBytes(bytes: Buffer, context: FieldContext): Uint8Array {
  const kind = guessAt(bytes, 0, bytes.length, 0);
  if (kind === 'message') return redactProtobuf(bytes, { ...context, schema: null, isCut: false }) ?? bytes;
  if (kind === 'bytes') return bytes;
  const text = bytes.toString('latin1');
  const after = redactAsText(text, context);
  return after === text ? bytes : Buffer.from(after, 'latin1');
}

/** `grpc-message`: UTF-8 behind percent signs. */
export function redactStatusMessage(value: string, context: FieldContext): string {
  const text = decodePercent(value.replaceAll('+', '%2B'));
  const after = redactAsText(text, context);
  return after === text ? value : encodePercent(after);
}

function redactAsText(text: string, context: FieldContext): string {
  return redactLexically(text, { ...context, depth: 3, isCut: false, style: 'text' });
}
