/**
 * What a server tells of itself (grpc/reflection/v1/reflection.proto, and v1alpha, which is alike): descriptors of the files it was
 * compiled from. Looks at messages one by one, and never throws.
 */
import type { Message } from '../../model/message';
import { decodeBody } from '../coding';
import { FieldCursor, wireTypes } from '../protobuf/wire';

const path = /\/grpc\.reflection\.v1(?:alpha)?\.ServerReflection\/ServerReflectionInfo$/;

/** Whether calls to that path ask for descriptors. */
export function isReflection(target: string): boolean {
  return path.test(target);
}

/** Fields of `ServerReflectionResponse` and of the `FileDescriptorResponse` in it. */
const fileDescriptorResponse = 4;
const fileDescriptorProto = 1;

/** The descriptors in one message of the server, as bytes; [] where there are none, or a part of it is missing. */
export function descriptorsIn({ from, kind, facts, body }: Message): readonly Uint8Array[] {
  if (from !== 'server' || kind !== 'message' || facts.problem !== undefined) return [];
  const { bytes, problem } = decodeBody(body);
  if (problem !== null) return [];
  return fieldsOf(bytes, fileDescriptorResponse).flatMap((answer) => fieldsOf(answer, fileDescriptorProto));
}

/** The fields of bytes of that number; [] where the bytes are no message. */
function fieldsOf(bytes: Uint8Array, number: number): readonly Uint8Array[] {
  const cursor = new FieldCursor(bytes, 0, bytes.length);
  const found: Uint8Array[] = [];
  while (cursor.next()) {
    if (cursor.number === number && cursor.wireType === wireTypes.bytes)
      found.push(bytes.subarray(cursor.valueAt, cursor.valueEnd));
  }
  return cursor.isAtEnd ? found : [];
}
