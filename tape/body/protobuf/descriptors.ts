/**
 * Descriptors of `.proto` files as they are: read, told apart, and put together to a registry with all they import. What they say of
 * messages is for schemas.ts. Nothing here trusts their bytes: what is none is null, and what does not hold together throws.
 */
import { create, createFileRegistry, type FileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { wellKnownFiles } from './well-known';

export type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';

/** By name. */
export type Files = ReadonlyMap<string, FileDescriptorProto>;

/** The files of a set; null where it is none. */
export function filesOf(bytes: Uint8Array): readonly FileDescriptorProto[] | null {
  try {
    const { file } = fromBinary(FileDescriptorSetSchema, bytes);
    return file.every(({ name }) => name !== '') ? file : null;
  } catch {
    return null;
  }
}

/** A descriptor of one file, as reflection gives it; null where it is none. */
export function fileIn(bytes: Uint8Array): FileDescriptorProto | null {
  try {
    const file = fromBinary(FileDescriptorProtoSchema, bytes);
    return file.name === '' ? null : file;
  } catch {
    return null;
  }
}

/** Without what only says where it stood in its text. */
export function bytesOfFile({ sourceCodeInfo: _, ...file }: FileDescriptorProto): Uint8Array {
  return toBinary(FileDescriptorProtoSchema, file);
}

export function bytesOfSet(file: readonly FileDescriptorProto[]): Uint8Array {
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [...file] }));
}

/** Whether all that it imports is there, and all that those import. */
export function isComplete({ dependency }: FileDescriptorProto, files: Files, above = new Set<string>()): boolean {
  return dependency.every((name) => {
    if (above.has(name) || (wellKnownFiles.has(name) && !files.has(name))) return true;
    const file = files.get(name);
    above.add(name);
    return file !== undefined && isComplete(file, files, above);
  });
}

/** Throws an Error of the library where they do not hold together. */
export function registryOf(names: Iterable<string>, files: Files): FileRegistry {
  return createFileRegistry(create(FileDescriptorSetSchema, { file: inOrder(names, files) }));
}

/** These files and all they import, each behind what it imports. */
function inOrder(names: Iterable<string>, files: Files): FileDescriptorProto[] {
  const ordered = new Map<string, FileDescriptorProto>();
  const begun = new Set<string>();
  const add = (name: string): void => {
    if (begun.has(name)) return;
    begun.add(name);
    const file = files.get(name) ?? wellKnownFiles.get(name);
    if (file === undefined) return;
    for (const needed of file.dependency) add(needed);
    ordered.set(name, file);
  };
  for (const name of names) add(name);
  return [...ordered.values()];
}

/**
 * What a file says of each thing that it defines, by full name: two that are equal here name fields alike, whoever
 * compiled them. Options, comments and the names of other files are no part of it.
 */
export function meaningsIn(file: FileDescriptorProto): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const within = (scope: string, name: string) => (scope === '' ? name : `${scope}.${name}`);
  const addEnum = (scope: string, { name, value }: EnumDescriptorProto) =>
    found.set(within(scope, name), `enum ${sorted(value.map((each) => `${each.number} ${each.name}`))}`);
  const addMessage = (scope: string, message: DescriptorProto): void => {
    const full = within(scope, message.name);
    const kind = message.options?.mapEntry === true ? 'entry' : 'message';
    found.set(full, `${kind} ${sorted(message.field.map(fieldText))}`);
    for (const nested of message.nestedType) addMessage(full, nested);
    for (const nested of message.enumType) addEnum(full, nested);
  };
  for (const message of file.messageType) addMessage(file.package, message);
  for (const each of file.enumType) addEnum(file.package, each);
  for (const { name, method } of file.service) {
    const methods = method.map((each) => `${each.name} ${each.inputType} ${each.outputType}`);
    found.set(within(file.package, name), `service ${sorted(methods)}`);
  }
  return found;
}

function sorted(lines: readonly string[]): string {
  return JSON.stringify(lines.toSorted());
}

function fieldText({ number, name, jsonName, label, type, typeName }: FieldDescriptorProto): string {
  const isList = label === FieldDescriptorProto_Label.REPEATED;
  return `${number} ${jsonName || jsonNameOf(name)} ${isList} ${type} ${typeName.replace(/^\./, '')}`;
}

/** Descriptors that come from generated code, as reflection gives them in Python, have no names for JSON: they are made alike. */
export function jsonNameOf(name: string): string {
  return name.replace(/_+(.?)/g, (_, letter: string) => letter.toUpperCase());
}
