/** What a schema says of a message, as far as reading and writing it needs it. Plain data: it knows no library. */
import type { JsonValue } from '../../json/json';

export interface MessageShape {
  /** `shop.v1.Order`. */
  readonly name: string;
  /** By number. */
  readonly fields: ReadonlyMap<number, FieldShape>;
  /**
   * `plain`: an object of its fields. `inner`: it stands for what is in it (wrappers, Struct, Value, ListValue). `any`: its
   * first field names the type of its second. `text`: JSON has a notation of its own for it (Timestamp, Duration, FieldMask).
   */
  readonly kind: 'plain' | 'inner' | 'any' | 'text';
  /** Of `inner` with nothing in it. */
  readonly empty?: JsonValue;
  /** Of `text`; undefined where it is none. */
  readonly notation?: Notation;
  /** Of `any`. */
  readonly shapeNamed?: (name: string) => MessageShape | null;
}

/** How ProtoJSON calls the first field of `any`. */
export const anyType = '@type';

/** Of a message of which nothing is known but that it is one. */
export const unknownShape: MessageShape = { name: '', kind: 'plain', fields: new Map() };

export interface Notation {
  read(bytes: Uint8Array): JsonValue | undefined;
  write(value: JsonValue): Uint8Array | undefined;
}

/** The scalar types of protobuf by their names, and `message`. */
export type FieldType =
  | 'double'
  | 'float'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'uint64'
  | 'sint32'
  | 'sint64'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed32'
  | 'sfixed64'
  | 'bool'
  | 'string'
  | 'bytes'
  | 'enum'
  | 'message';

export interface FieldShape {
  /** As JSON writes it. */
  readonly name: string;
  readonly type: FieldType;
  /** Whether it is a list, also where there is one of it. */
  readonly isList: boolean;
  /** A map: its entries are messages of a key and a value. */
  readonly isMap: boolean;
  /** Of `message`. Types may contain themselves. */
  readonly message?: () => MessageShape;
  /** Of `enum`, by number. */
  readonly names?: ReadonlyMap<number, string>;
}
