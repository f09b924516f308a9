/** The messages that every library of protobuf knows and JSON has notations of their own for. */
import { type DescFile, type DescMessage, fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf';
import {
  DurationSchema,
  FieldMaskSchema,
  type FileDescriptorProto,
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
  TimestampSchema,
} from '@bufbuild/protobuf/wkt';
import type { JsonValue } from '../../json/json';
import type { MessageShape, Notation } from './shape';

const known: readonly DescFile[] = [
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
];

/** A set need not hold these. */
export const wellKnownFiles: ReadonlyMap<string, FileDescriptorProto> = new Map(
  known.map(({ proto }) => [proto.name, proto]),
);

const inner = /^google\.protobuf\.(?:Struct|Value|ListValue|(?:Double|Float|U?Int(?:32|64)|Bool|String|Bytes)Value)$/;

export function kindOf(typeName: string): MessageShape['kind'] {
  if (typeName === 'google.protobuf.Any') return 'any';
  if (notations[typeName] !== undefined) return 'text';
  return inner.test(typeName) ? 'inner' : 'plain';
}

export function notationFor(typeName: string): Notation | undefined {
  return notations[typeName];
}

/** Undefined where the bytes, or the value, are none. */

function notationOf(schema: DescMessage): Notation {
  return {
    read: (bytes) => attempt(() => toJson(schema, fromBinary(schema, bytes)) as JsonValue),
    write: (value) => attempt(() => toBinary(schema, fromJson(schema, value as never))),
  };
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

const notations: Readonly<Record<string, Notation>> = {
  'google.protobuf.Timestamp': notationOf(TimestampSchema),
  'google.protobuf.Duration': notationOf(DurationSchema),
  'google.protobuf.FieldMask': notationOf(FieldMaskSchema),
};
