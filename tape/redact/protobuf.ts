/**
 * Redacts one message of protobuf by what it says: as JSON, named by its schema or by the numbers of its fields, under the
 * rules that JSON has; then what changed is written back. Every other byte stays, lengths around a secret are made right.
 */
import { editsBetween } from '../body/edits';
import { messageValue } from '../body/protobuf/read';
import { rewriteMessage } from '../body/protobuf/rewrite';
import type { MessageShape } from '../body/protobuf/shape';
import { wholeFieldsEnd } from '../body/protobuf/wire';
import { parseJson, stringifyJson } from '../json/json';
import { redactJson } from './json-text';
import { mayHoldSecretBytes } from './scope';
import type { TextContext } from './text';

export interface ProtobufContext extends Omit<TextContext, 'depth' | 'isCut' | 'style'> {
  readonly schema: MessageShape | null;
  /** The message may end in the middle of a secret: what is left of a field that is not whole is then not kept. */
  readonly isCut: boolean;
}

/** The bytes themselves where nothing fired; undefined where they are no message. */
export function redactProtobuf(
  bytes: Uint8Array,
  { schema, isCut, ...context }: ProtobufContext,
): Uint8Array | undefined {
  const whole = isCut ? wholePart(bytes) : bytes;
  const value = messageValue(whole, schema);
  if (value === undefined) return undefined;
  const json = Buffer.from(stringifyJson(value));
  if (!context.rules.places.mayReach(context.path) && !mayHoldSecretBytes(json, context)) return whole;
  const before = json.toString('latin1');
  const { text } = redactJson(before, { ...context, depth: 0, isCut: false, style: 'text' });
  if (text === before) return whole;
  const after = parseJson(Buffer.from(text, 'latin1').toString('utf8'));
  if (after === undefined) return new Uint8Array(0); // what cannot be written back is not kept
  const edits = editsBetween(value, after);
  return edits === null ? whole : rewriteMessage(whole, schema, edits);
}

function wholePart(bytes: Uint8Array): Uint8Array {
  const end = wholeFieldsEnd(bytes);
  return end === bytes.length ? bytes : bytes.subarray(0, end);
}
