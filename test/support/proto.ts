/** A schema of a shop for tests, as a compiler would have written it, and messages of it. */
import { create, createFileRegistry, fromJson, type JsonObject, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { filesInSet, type Schemas, schemasFrom } from '../../tape/body/protobuf/schemas';

export const field = (name: string, number: number, type: string, more: JsonObject = {}): JsonObject => ({
  ...{ name, number, type: `TYPE_${type}`, label: 'LABEL_OPTIONAL', jsonName: camelCase(name) },
  ...more,
});
const camelCase = (name: string) => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
const many = { label: 'LABEL_REPEATED' };
const of = (typeName: string, more: JsonObject = {}) => ({ typeName: `.${typeName}`, ...more });

const shopFile: JsonObject = {
  name: 'shop/v1/shop.proto',
  package: 'shop.v1',
  syntax: 'proto3',
  dependency: [
    'google/protobuf/timestamp.proto',
    'google/protobuf/struct.proto',
    'google/protobuf/any.proto',
    'google/protobuf/wrappers.proto',
    'shop/v1/money.proto',
  ],
  enumType: [
    {
      name: 'State',
      value: [
        { name: 'STATE_UNSPECIFIED', number: 0 },
        { name: 'STATE_PAID', number: 1 },
      ],
    },
  ],
  messageType: [
    {
      name: 'LoginRequest',
      field: [field('user', 1, 'STRING'), field('password', 2, 'STRING'), field('otp', 3, 'INT32')],
    },
    {
      name: 'LoginReply',
      field: [field('access_token', 1, 'STRING'), field('expires', 2, 'MESSAGE', of('google.protobuf.Timestamp'))],
    },
    {
      name: 'Item',
      field: [
        field('sku', 1, 'STRING'),
        field('count', 2, 'UINT32'),
        field('price', 3, 'MESSAGE', of('shop.v1.Money')),
      ],
    },
    {
      name: 'Order',
      nestedType: [
        {
          name: 'LabelsEntry',
          field: [field('key', 1, 'STRING'), field('value', 2, 'STRING')],
          options: { mapEntry: true },
        },
      ],
      field: [
        field('id', 1, 'INT64'),
        field('items', 2, 'MESSAGE', of('shop.v1.Item', many)),
        field('state', 3, 'ENUM', of('shop.v1.State')),
        field('labels', 4, 'MESSAGE', of('shop.v1.Order.LabelsEntry', many)),
        field('created_at', 5, 'MESSAGE', of('google.protobuf.Timestamp')),
        field('attributes', 6, 'MESSAGE', of('google.protobuf.Struct')),
        field('extra', 7, 'MESSAGE', of('google.protobuf.Any')),
        field('weights', 8, 'DOUBLE', many),
        field('ranks', 9, 'SINT32', many),
        field('blob', 10, 'BYTES'),
        field('note', 11, 'MESSAGE', of('google.protobuf.StringValue')),
        field('parent', 12, 'MESSAGE', of('shop.v1.Order')),
        field('gift', 13, 'BOOL'),
        field('ratio', 14, 'FLOAT'),
        field('checksum', 15, 'FIXED64'),
      ],
    },
  ],
  service: [
    {
      name: 'Shop',
      method: [
        { name: 'Login', inputType: '.shop.v1.LoginRequest', outputType: '.shop.v1.LoginReply' },
        { name: 'Place', inputType: '.shop.v1.Order', outputType: '.shop.v1.Order' },
        { name: 'Upload', inputType: '.shop.v1.Item', outputType: '.shop.v1.Order', clientStreaming: true },
        { name: 'Watch', inputType: '.shop.v1.Item', outputType: '.shop.v1.Order', serverStreaming: true },
        {
          name: 'Chat',
          inputType: '.shop.v1.Item',
          outputType: '.shop.v1.Item',
          clientStreaming: true,
          serverStreaming: true,
        },
      ],
    },
  ],
};

const moneyFile: JsonObject = {
  name: 'shop/v1/money.proto',
  package: 'shop.v1',
  syntax: 'proto3',
  messageType: [{ name: 'Money', field: [field('currency', 1, 'STRING'), field('cents', 2, 'INT64')] }],
};

export function setOf(...file: readonly JsonObject[]): Uint8Array {
  return toBinary(FileDescriptorSetSchema, fromJson(FileDescriptorSetSchema, { file: [...file] }));
}

/** One descriptor by itself, as reflection tells it. */
export function fileOf(file: JsonObject): Uint8Array {
  return toBinary(FileDescriptorProtoSchema, fromJson(FileDescriptorProtoSchema, file));
}

export const shopDescriptor = fileOf(shopFile);
export const moneyDescriptor = fileOf(moneyFile);

/** Not in the order of imports, which compilers keep and nobody needs. */
export const shopSet = setOf(shopFile, moneyFile);
/** As without `--include_imports`. */
export const incompleteSet = setOf(shopFile);
export const shopSchemas: Schemas = schemasFrom(filesInSet(shopSet, 'shop.binpb'));

/** Written by another hand than the one under test. */
const registry = createFileRegistry(
  create(FileDescriptorSetSchema, {
    file: [...registryFiles(), ...fromJson(FileDescriptorSetSchema, { file: [moneyFile, shopFile] }).file],
  }),
);

function registryFiles() {
  const wkt = require('@bufbuild/protobuf/wkt') as typeof import('@bufbuild/protobuf/wkt');
  return [
    wkt.file_google_protobuf_timestamp,
    wkt.file_google_protobuf_struct,
    wkt.file_google_protobuf_any,
    wkt.file_google_protobuf_wrappers,
  ].map(({ proto }) => proto);
}

/** The bytes of a message, as the library writes it. */
export function encode(type: string, value: JsonObject): Uint8Array {
  const schema = registry.getMessage(type);
  if (schema === undefined) throw new Error(type);
  return toBinary(schema, fromJson(schema, value, { registry }));
}

export function shapeOf(type: string) {
  const shape = shopSchemas.message(type);
  if (shape === null) throw new Error(type);
  return shape;
}

/** One with everything in it. */
export const fullOrder: JsonObject = {
  id: '9007199254740993',
  items: [
    { sku: 'TEA', count: 2, price: { currency: 'EUR', cents: '450' } },
    { sku: 'MUG', count: 1 },
  ],
  state: 'STATE_PAID',
  labels: { colour: 'red', 'x y': 'z' },
  createdAt: '2026-03-04T05:06:07.089Z',
  attributes: { deep: { list: [1, 'two', null, true] }, n: 1.5 },
  extra: { '@type': 'type.googleapis.com/shop.v1.Money', currency: 'USD', cents: '7' },
  weights: [0.1, -2],
  ranks: [-1, 5, 300],
  blob: Buffer.from([0, 255, 7]).toString('base64'),
  note: 'by hand',
  parent: { id: '-5' },
  gift: true,
  ratio: 0.1,
  checksum: '18446744073709551615',
};
