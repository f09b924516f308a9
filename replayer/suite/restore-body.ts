/** A described body as bytes again, in the content codings it had. Does no file access. */

import { WiretapeError } from '../../errors/wiretape-error';
import { encodeBody } from '../../tape/body/coding';
import type { Schemas } from '../../tape/body/protobuf/schemas';
import type { MessageShape } from '../../tape/body/protobuf/shape';
import { messageBytes } from '../../tape/body/protobuf/write';
import { stringifyJson } from '../../tape/json/json';
import type { Body } from '../../tape/model/body';
import type { BodyDescription } from './description';

/** What is known of the messages of both sides; null where nothing is. */
export interface Shapes {
  readonly request: MessageShape | null;
  readonly response: MessageShape | null;
}

export function shapesFor(schemas: Schemas, target: string): Shapes {
  return schemas.call(target) ?? { request: null, response: null };
}

export interface BodySurroundings {
  /** Those that the recorded body was in. */
  readonly codings: readonly string[];
  readonly read: (file: string) => Uint8Array;
  readonly shape: MessageShape | null;
}

/** Throws USAGE for a message that has fields which its shape does not have. */
export function restoreBody(description: BodyDescription, { codings, read, shape }: BodySurroundings): Body {
  const plain = plainBytes(description, read, shape);
  const applied = plain.length === 0 ? [] : codings;
  const bytes = description.coded ? plain : encodeBody(plain, applied);
  return { bytes, codings: applied, wireSize: bytes.length };
}

function plainBytes(
  { file, json, message, base64, text = '' }: BodyDescription,
  read: BodySurroundings['read'],
  shape: MessageShape | null,
): Uint8Array {
  if (file !== undefined) return read(file);
  if (json !== undefined) return Buffer.from(stringifyJson(json));
  if (base64 !== undefined) return Buffer.from(base64, 'base64');
  if (message === undefined) return Buffer.from(text);
  const bytes = messageBytes(message, shape);
  if (bytes === undefined) throw unwritable(stringifyJson(message), shape);
  return bytes;
}

const longestShown = 200;

function unwritable(message: string, shape: MessageShape | null): WiretapeError {
  const said = message.length > longestShown ? `${message.slice(0, longestShown)}…` : message;
  const what = shape === null ? 'a message whose fields nothing names' : `a message of ${shape.name}`;
  return new WiretapeError('USAGE', `The suite has ${what} that cannot be written: ${said}`, {
    seen: ['a field has another name, or a value of another type'],
    remedy: [
      'Write its fields as protoSet in setup.js names them, or by their numbers where it names none',
      'or generate the suite again',
    ],
  });
}
