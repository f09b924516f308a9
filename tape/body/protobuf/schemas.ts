/**
 * Schemas from sets of descriptors (`protoc --descriptor_set_out --include_imports`, `buf build -o`) and from answers of
 * server reflection: what is called, and the shapes of what is said. Pure: bytes come in.
 */
import { type DescEnum, type DescField, type DescMessage, type FileRegistry, ScalarType } from '@bufbuild/protobuf';
import { WiretapeError } from '../../../errors/wiretape-error';
import {
  bytesOfFile,
  bytesOfSet,
  type Files,
  fileIn,
  filesOf,
  isComplete,
  jsonNameOf,
  registryOf,
} from './descriptors';
import { anyType, type FieldShape, type FieldType, type MessageShape, unknownShape } from './shape';
import { kindOf, notationFor, wellKnownFiles } from './well-known';

/** What a call takes and gives. */
export interface Call {
  readonly request: MessageShape;
  readonly response: MessageShape;
}

export interface Schemas {
  /** By the path of a call, `/shop.v1.Orders/Create`, whatever a proxy put before it; null where nothing says it. */
  call(path: string): Call | null;
  /** By its full name. */
  message(name: string): MessageShape | null;
}

export const noSchemas: Schemas = { call: () => null, message: () => null };

/** The files of a set, as bytes, by name. Throws BAD_PROTO_SET; `place` is what the set is called there. */
export function filesInSet(bytes: Uint8Array, place: string): ReadonlyMap<string, Uint8Array> {
  const files = filesOf(bytes);
  if (files === null || files.length === 0) throw noSet(place);
  const named = new Map(files.map((file) => [file.name, file]));
  const missing = files.flatMap(({ name, dependency }) =>
    dependency.filter((one) => !named.has(one) && !wellKnownFiles.has(one)).map((one) => `${one} (for ${name})`),
  );
  if (missing.length > 0) throw incomplete(place, missing);
  try {
    registryOf(named.keys(), named);
  } catch (cause) {
    throw new WiretapeError('BAD_PROTO_SET', `Cannot use ${place}: ${(cause as Error).message}`, { cause, remedy });
  }
  return new Map(files.map((file) => [file.name, bytesOfFile(file)]));
}

/** Of files by name, which may lack some: what needs those is not known. Never throws on their bytes. */
export function schemasFrom(files: ReadonlyMap<string, Uint8Array>): Schemas {
  if (files.size === 0) return noSchemas;
  try {
    const whole = wholeFiles(files);
    return schemasOf(registryOf(whole.keys(), whole));
  } catch {
    return noSchemas;
  }
}

/** The set of those that are there with all they import, for `filesInSet` to read; null where there is none. */
export function setOfFiles(files: ReadonlyMap<string, Uint8Array>): Uint8Array | null {
  try {
    const file = [...wholeFiles(files).values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return file.length === 0 ? null : bytesOfSet(file);
  } catch {
    return null; // imports of imports, deeper than the stack
  }
}

function wholeFiles(files: ReadonlyMap<string, Uint8Array>): Files {
  const read = [...files.values()].flatMap((bytes) => fileIn(bytes) ?? []);
  const named = new Map(read.map((file) => [file.name, file]));
  for (const [name, file] of named) if (!isComplete(file, named)) named.delete(name);
  return named;
}

function schemasOf(registry: FileRegistry): Schemas {
  const shapes = new Map<string, MessageShape>();
  const shapeOf = (message: DescMessage): MessageShape => {
    const known = shapes.get(message.typeName);
    if (known !== undefined) return known;
    const shape = shapeFrom(message, shapeOf, named);
    shapes.set(message.typeName, shape);
    return shape;
  };
  const named = (name: string): MessageShape | null => {
    const message = registry.getMessage(name);
    return message === undefined ? null : shapeOf(message);
  };
  return {
    message: named,
    call(path) {
      const [, service, method] = /\/([^/?]+)\/([^/?]+)(?:\?.*)?$/.exec(path) ?? [];
      const found = registry.getService(service ?? '')?.methods.find(({ name }) => name === method);
      return found === undefined ? null : { request: shapeOf(found.input), response: shapeOf(found.output) };
    },
  };
}

function shapeFrom(
  message: DescMessage,
  shapeOf: (message: DescMessage) => MessageShape,
  shapeNamed: (name: string) => MessageShape | null,
): MessageShape {
  const kind = kindOf(message.typeName);
  const notation = kind === 'text' ? notationFor(message.typeName) : undefined;
  const fields = new Map(message.fields.map((field) => [field.number, fieldShape(field, shapeOf)]));
  const url = fields.get(1);
  const value = fields.get(2);
  if (kind === 'any' && url !== undefined) fields.set(1, { ...url, name: anyType });
  if (kind === 'any' && value !== undefined) fields.set(2, { ...value, type: 'message', message: () => unknownShape });
  const empty = kind === 'inner' ? emptyOf(message) : undefined;
  return {
    name: message.typeName,
    fields,
    kind,
    ...(empty === undefined ? {} : { empty }),
    ...(notation === undefined ? {} : { notation }),
    ...(kind === 'any' ? { shapeNamed } : {}),
  };
}

function emptyOf({ typeName, fields }: DescMessage) {
  if (typeName === 'google.protobuf.Struct') return {};
  if (typeName === 'google.protobuf.ListValue') return [];
  if (typeName === 'google.protobuf.Value') return null;
  const [value] = fields;
  if (value?.fieldKind !== 'scalar') return null;
  if (value.scalar === ScalarType.BOOL) return false;
  const isText = [ScalarType.STRING, ScalarType.BYTES].includes(value.scalar);
  const isLong = [ScalarType.INT64, ScalarType.UINT64].includes(value.scalar);
  return isText ? '' : isLong ? '0' : 0;
}

const scalarNames: Readonly<Record<ScalarType, FieldType>> = {
  [ScalarType.DOUBLE]: 'double',
  [ScalarType.FLOAT]: 'float',
  [ScalarType.INT64]: 'int64',
  [ScalarType.UINT64]: 'uint64',
  [ScalarType.INT32]: 'int32',
  [ScalarType.FIXED64]: 'fixed64',
  [ScalarType.FIXED32]: 'fixed32',
  [ScalarType.BOOL]: 'bool',
  [ScalarType.STRING]: 'string',
  [ScalarType.BYTES]: 'bytes',
  [ScalarType.UINT32]: 'uint32',
  [ScalarType.SFIXED32]: 'sfixed32',
  [ScalarType.SFIXED64]: 'sfixed64',
  [ScalarType.SINT32]: 'sint32',
  [ScalarType.SINT64]: 'sint64',
};

type Typed = Pick<FieldShape, 'type' | 'message' | 'names'>;

function fieldShape(field: DescField, shapeOf: (message: DescMessage) => MessageShape): FieldShape {
  const base = { name: field.jsonName || jsonNameOf(field.name), isList: field.fieldKind === 'list', isMap: false };
  if (field.fieldKind !== 'map') return { ...base, ...typeOf(field, shapeOf) };
  const key: FieldShape = { name: 'key', isList: false, isMap: false, type: scalarNames[field.mapKey] };
  const value: FieldShape = { name: 'value', isList: false, isMap: false, ...typeOf(field, shapeOf) };
  const entry: MessageShape = {
    name: '',
    kind: 'plain',
    fields: new Map([
      [1, key],
      [2, value],
    ]),
  };
  return { ...base, isMap: true, type: 'message', message: () => entry };
}

/** Of a field, of the elements of a list, or of the values of a map. */
function typeOf(
  {
    message,
    enum: words,
    scalar,
  }: { message?: DescMessage | undefined; enum?: DescEnum | undefined; scalar?: ScalarType | undefined },
  shapeOf: (message: DescMessage) => MessageShape,
): Typed {
  if (message !== undefined) return { type: 'message', message: () => shapeOf(message) };
  if (words !== undefined)
    return { type: 'enum', names: new Map(words.values.map(({ number, name }) => [number, name])) };
  return { type: scalarNames[scalar ?? ScalarType.BYTES] };
}

const remedy = 'Make it with `protoc --descriptor_set_out=FILE --include_imports …`, or with `buf build -o FILE.binpb`';

function noSet(place: string): WiretapeError {
  return new WiretapeError('BAD_PROTO_SET', `Cannot use ${place}: it is no set of protobuf descriptors`, { remedy });
}

function incomplete(place: string, missing: readonly string[]): WiretapeError {
  const more = missing.length > 3 ? `, and ${missing.length - 3} more` : '';
  const what = `it lacks files that it imports: ${missing.slice(0, 3).join(', ')}${more}`;
  return new WiretapeError('BAD_PROTO_SET', `Cannot use ${place}: ${what}`, { remedy });
}
