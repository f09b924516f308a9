/** Messages of protobuf: read with and without a schema, written back, and never thrown at. */
import { editsBetween } from '../../../../../tape/body/edits';
import { messageValue } from '../../../../../tape/body/protobuf/read';
import { rewriteMessage } from '../../../../../tape/body/protobuf/rewrite';
import { filesInSet, schemasFrom } from '../../../../../tape/body/protobuf/schemas';
import type { MessageShape } from '../../../../../tape/body/protobuf/shape';
import { wholeFieldsEnd } from '../../../../../tape/body/protobuf/wire';
import { messageBytes } from '../../../../../tape/body/protobuf/write';
import type { JsonValue } from '../../../../../tape/json/json';
import { encode, fullOrder, incompleteSet, setOf, shapeOf, shopSchemas, shopSet } from '../../../../support/proto';
import { seededRandom } from '../../../../support/seeded-random';

const order = shapeOf('shop.v1.Order');
const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');
const plain = (value: JsonValue | undefined): unknown => JSON.parse(JSON.stringify(value ?? null));

function rewritten(bytes: Uint8Array, shape: MessageShape | null, change: (value: never) => JsonValue): Uint8Array {
  const before = messageValue(bytes, shape) as never;
  const edits = editsBetween(before, change(before));
  return edits === null ? bytes : rewriteMessage(bytes, shape, edits);
}

/** The value with every text in it changed. */
function shouted(value: JsonValue): JsonValue {
  if (typeof value === 'string') return `${value.replace(/[^a-z]/gi, 'q')} and much longer than before`;
  if (Array.isArray(value)) return value.map(shouted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value as Record<string, JsonValue>).map(([name, member]) => [name, shouted(member)]),
  );
}

describe('a message with a schema', () => {
  it('is what ProtoJSON says it is, with Any as its only exception', () => {
    const { extra: _extra, ...rest } = fullOrder;
    expect(plain(messageValue(encode('shop.v1.Order', fullOrder), order))).toEqual({
      ...rest,
      extra: { '@type': 'type.googleapis.com/shop.v1.Money', value: { currency: 'USD', cents: '7' } },
    });
  });

  it('keeps what the schema does not know under its number', () => {
    const bytes = Buffer.concat([encode('shop.v1.Item', { sku: 'TEA' }), hex('98 06 07'), hex('a2 06 02 68 69')]);
    expect(plain(messageValue(bytes, shapeOf('shop.v1.Item')))).toEqual({ sku: 'TEA', 99: 7, 100: 'hi' });
  });

  it('is read with numbers packed or one by one, and where a field is of another type than it should be', () => {
    expect(plain(messageValue(hex('48 01 48 0a'), order))).toEqual({ ranks: [-1, 5] });
    expect(plain(messageValue(hex('0a 02 68 69'), order))).toEqual({ id: 'hi' });
    expect(plain(messageValue(hex('10 05'), order))).toEqual({ items: [5] });
  });

  it('is known by the path of a call, and by nothing else', () => {
    const call = shopSchemas.call('/shop.v1.Shop/Place');
    expect([call?.request.name, call?.response.name]).toEqual(['shop.v1.Order', 'shop.v1.Order']);
    expect(shopSchemas.call('/prefix/shop.v1.Shop/Login?x=1')?.request.name).toBe('shop.v1.LoginRequest');
    for (const path of ['/shop.v1.Shop/None', '/shop.v1.Other/Place', '/', 'x'])
      expect(shopSchemas.call(path)).toBeNull();
  });
});

describe('a message without a schema', () => {
  it.each([
    ['numbers', '08 96 01', { 1: 150 }],
    ['a negative number', '08 fb ff ff ff ff ff ff ff ff 01', { 1: -5 }],
    ['text', '12 07 74 65 73 74 69 6e 67', { 2: 'testing' }],
    ['a message within', '1a 03 08 96 01', { 3: { 1: 150 } }],
    [
      'a message of a long text, which is printable to its last byte',
      `12 2a 0a 28 ${'61'.repeat(40)}`,
      { 2: { 1: 'a'.repeat(40) } },
    ],
    ['a text that could be numbers', '0a 02 48 69', { 1: 'Hi' }],
    ['bytes', '0a 03 00 ff 07', { 1: 'AP8H' }],
    ['an empty field', '0a 00', { 1: '' }],
    ['a field that repeats', '08 01 08 02', { 1: [1, 2] }],
    ['a double', '09 9a 99 99 99 99 99 f1 3f', { 1: 1.1 }],
    ['a whole fixed number', '09 05 00 00 00 00 00 00 00', { 1: 5 }],
    ['a float', '0d cd cc cc 3d', { 1: 0.1 }],
    ['a group', '0b 10 01 0c', { 1: { 2: 1 } }],
    ['nothing', '', {}],
  ])('is read by its numbers: %s', (_, bytes, expected) => {
    expect(plain(messageValue(hex(bytes), null))).toEqual(expected);
  });

  it.each([
    ['a tag of number 0', '00 01'],
    ['a length beyond the end', '0a 05 61'],
    ['an end of a group that never began', '0c'],
    ['a group without end', '0b 10 01'],
    ['a group that ends under another number', '0b 14'],
    ['a varint of eleven bytes', '08 ff ff ff ff ff ff ff ff ff ff 01'],
    ['half a number', '0d 00 00'],
  ])('is none where there is %s', (_, bytes) => {
    expect(messageValue(hex(bytes), null)).toBeUndefined();
  });

  it('keeps whole numbers that no double holds', () => {
    expect(messageValue(hex('08 81 80 80 80 80 80 80 10'), null)).toEqual({ 1: { source: '9007199254740993' } });
  });

  it('ends in bytes where messages lie too deep in each other', () => {
    let bytes: Uint8Array = hex('08 01');
    for (let i = 0; i < 200; i++) bytes = rewriteOf(bytes);
    expect(JSON.stringify(messageValue(bytes, null)).length).toBeLessThan(2000);
  });
});

const rewriteOf = (inner: Uint8Array) => {
  const length = inner.length < 128 ? [inner.length] : [(inner.length & 127) | 128, inner.length >> 7];
  return Buffer.concat([Buffer.from([0x1a, ...length]), inner]);
};

describe('writing back', () => {
  const bytes = encode('shop.v1.Order', fullOrder);

  it('changes a text deep inside, and the lengths of all that is around it', () => {
    const after = rewritten(
      bytes,
      order,
      (value: { items: { price: object }[] }) =>
        ({
          ...value,
          items: value.items.map((item, i) =>
            i === 0 ? { ...item, price: { currency: 'a very long name '.repeat(20), cents: '450' } } : item,
          ),
        }) as never,
    );
    expect(plain(messageValue(after, order))).toMatchObject({
      items: [{ price: { currency: 'a very long name '.repeat(20), cents: '450' } }, { sku: 'MUG', count: 1 }],
      note: 'by hand',
    });
    expect(after.length).toBeGreaterThan(bytes.length + 300);
  });

  it.each<[string, (value: never) => JsonValue, object]>([
    [
      'a name in a map',
      (v: object) => ({ ...v, labels: { colour: 'red', 'new name': 'z' } }) as never,
      { labels: { colour: 'red', 'new name': 'z' } },
    ],
    [
      'a value in a map',
      (v: object) => ({ ...v, labels: { colour: 'blue', 'x y': 'z' } }) as never,
      { labels: { colour: 'blue', 'x y': 'z' } },
    ],
    ['a packed number', (v: object) => ({ ...v, ranks: [-1, -70000, 300] }) as never, { ranks: [-1, -70000, 300] }],
    [
      'a packed number that became text',
      (v: object) => ({ ...v, ranks: [-1, 'secret', 300] }) as never,
      { ranks: [-1, 0, 300] },
    ],
    [
      'a text in a Struct',
      (v: object) => ({ ...v, attributes: { deep: { list: [1, '2', null, true] }, n: 1.5 } }) as never,
      { attributes: { deep: { list: [1, '2', null, true] }, n: 1.5 } },
    ],
    ['a wrapped text', (v: object) => ({ ...v, note: 'by machine' }) as never, { note: 'by machine' }],
    [
      'a time',
      (v: object) => ({ ...v, createdAt: '2027-01-01T00:00:00Z' }) as never,
      { createdAt: '2027-01-01T00:00:00Z' },
    ],
    ['an enum by name', (v: object) => ({ ...v, state: 'STATE_UNSPECIFIED' }) as never, { state: 'STATE_UNSPECIFIED' }],
    [
      'what is in an Any',
      (v: object) =>
        ({
          ...v,
          extra: { '@type': 'type.googleapis.com/shop.v1.Money', value: { currency: 'JPY', cents: '7' } },
        }) as never,
      { extra: { value: { currency: 'JPY', cents: '7' } } },
    ],
    ['64 bits', (v: object) => ({ ...v, id: '-1', checksum: '12' }) as never, { id: '-1', checksum: '12' }],
    ['a number that became text', (v: object) => ({ ...v, id: 'gone' }) as never, { id: 'gone' }],
    ['bytes', (v: object) => ({ ...v, blob: Buffer.from([9, 0, 9]).toString('base64') }) as never, { blob: 'CQAJ' }],
  ])('changes %s, and nothing else', (_, change, expected) => {
    const after = rewritten(bytes, order, change);
    const whole = plain(messageValue(bytes, order)) as Record<string, unknown>;
    const changed = plain(messageValue(after, order)) as Record<string, unknown>;
    expect(changed).toMatchObject(expected);
    for (const name of Object.keys(whole))
      if (!Object.hasOwn(expected, name)) expect(changed[name]).toEqual(whole[name]);
  });

  it('reads back as what was written, for messages of any make', () => {
    const random = seededRandom(11);
    for (let round = 0; round < 200; round++) {
      const made = encode('shop.v1.Order', {
        id: String(Math.floor(random() * 1e9)),
        items: Array.from({ length: Math.floor(random() * 4) }, (_, i) => ({
          sku: `s${i}`,
          count: i,
          price: { currency: 'x'.repeat(Math.floor(random() * 300)) },
        })),
        labels: Object.fromEntries(Array.from({ length: Math.floor(random() * 3) }, (_, i) => [`k${i}`, 'v'])),
        attributes: { a: ['b', { c: 'd' }] },
        parent: { note: 'n', parent: { blob: Buffer.from('text').toString('base64') } },
      });
      for (const shape of [order, null]) {
        const before = messageValue(made, shape) as JsonValue;
        const wanted = shouted(before);
        const edits = editsBetween(before, wanted);
        expect(edits).not.toBeNull();
        const after = rewriteMessage(made, shape, edits ?? {});
        expect(plain(messageValue(after, shape))).toEqual(plain(wanted));
      }
    }
  });

  it('leaves every byte of what it does not change, in odd encodings too', () => {
    // A tag and a length in more bytes than they need, fields out of order, a group, and a text to change in the middle.
    const odd = hex('88 00 05' + '12 82 00 68 69' + '0b 10 81 00 0c' + '1a 02 6e 6f' + '08 01');
    expect(messageValue(odd, null)).toEqual({ 1: [5, { 2: 1 }, 1], 2: 'hi', 3: 'no' });
    const after = rewritten(odd, null, (value: object) => ({ ...value, 3: 'yes!' }) as never);
    expect(Buffer.from(after).toString('hex')).toBe('8800051282006869' + '0b1081000c' + '1a0479657321' + '0801');
  });
});

describe('any bytes', () => {
  it('are never thrown at, and what nobody changed stays what it was', () => {
    const random = seededRandom(7);
    const seed = encode('shop.v1.Order', fullOrder);
    for (let round = 0; round < 3000; round++) {
      const bytes =
        round % 2 === 0
          ? Buffer.from(seed)
          : Buffer.from(Array.from({ length: Math.floor(random() * 60) }, () => Math.floor(random() * 256)));
      for (let i = 0; i < 3 && bytes.length > 0; i++)
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      for (const shape of [order, null]) {
        const value = messageValue(bytes, shape);
        if (value === undefined) continue;
        expect(editsBetween(value, messageValue(bytes, shape) as JsonValue)).toBeNull();
        const edits = editsBetween(value, shouted(value));
        if (edits !== null) rewriteMessage(bytes, shape, edits);
        expect(Buffer.compare(rewriteMessage(bytes, shape, {}), bytes)).toBe(0);
      }
      expect(wholeFieldsEnd(bytes)).toBeLessThanOrEqual(bytes.length);
    }
  });
});

describe('sets of descriptors', () => {
  it('are refused where they are none, or lack what they import', () => {
    for (const bytes of [Buffer.from('not a set'), new Uint8Array(0), setOf()]) {
      expect(() => filesInSet(bytes, 'x.binpb')).toThrow(expect.objectContaining({ code: 'BAD_PROTO_SET' }));
    }
    expect(() => filesInSet(incompleteSet, 'x.binpb')).toThrow(
      /x\.binpb: it lacks files that it imports: shop\/v1\/money\.proto \(for/,
    );
  });

  it('name fields as JSON does, also where they say no names for it', () => {
    const bare = setOf({
      name: 'bare.proto',
      package: 'bare',
      syntax: 'proto3',
      messageType: [
        { name: 'M', field: [{ name: 'access_token', number: 1, type: 'TYPE_STRING', label: 'LABEL_OPTIONAL' }] },
      ],
    });
    const shape = schemasFrom(filesInSet(bare, 'x')).message('bare.M');
    expect(messageValue(hex('0a 02 68 69'), shape)).toEqual({ accessToken: 'hi' });
  });

  it('are known as far as they go where nobody vouches for them', () => {
    const files = filesInSet(shopSet, 'x');
    const without = new Map([...files].filter(([name]) => name !== 'shop/v1/money.proto'));
    expect(schemasFrom(without).call('/shop.v1.Shop/Place')).toBeNull();
    expect(schemasFrom(new Map([...files, ['junk', Buffer.from('junk')]])).call('/shop.v1.Shop/Place')).not.toBeNull();
  });
});

describe('a message written from what is shown of it', () => {
  const again = (bytes: Uint8Array, shape: MessageShape | null) =>
    messageBytes(messageValue(bytes, shape) ?? null, shape);

  it('has the bytes that a library wrote, with everything in it', () => {
    const bytes = encode('shop.v1.Order', fullOrder);
    expect(Buffer.from(again(bytes, order) ?? [])).toEqual(Buffer.from(bytes));
  });

  it.each<[string, Parameters<typeof encode>[1]]>([
    [
      'texts, numbers and places for what is missing',
      { attributes: { a: null, b: [], c: {}, d: false, e: '' }, note: '' },
    ],
    ['bytes that are text', { blob: Buffer.from('plain words, no base64').toString('base64') }],
    ['nothing', {}],
  ])('has them also for %s', (_, value) => {
    const bytes = encode('shop.v1.Order', value);
    expect(Buffer.from(again(bytes, order) ?? [])).toEqual(Buffer.from(bytes));
  });

  it('has them without a schema, by the numbers of its fields', () => {
    const bytes = encode('shop.v1.Item', { sku: 'TEA', count: 2, price: { currency: 'EUR', cents: '450' } });
    expect(plain(messageValue(bytes, null))).toEqual({ 1: 'TEA', 2: 2, 3: { 1: 'EUR', 2: 450 } });
    expect(Buffer.from(again(bytes, null) ?? [])).toEqual(Buffer.from(bytes));
  });

  it('has a field that no schema names, and one that came twice', () => {
    const bytes = Buffer.concat([encode('shop.v1.Item', { sku: 'TEA' }), hex('98 06 07'), hex('98 06 08')]);
    expect(Buffer.from(again(bytes, shapeOf('shop.v1.Item')) ?? [])).toEqual(bytes);
  });

  it.each<[string, JsonValue]>([
    ['a name it has no field for', { sku: 'TEA', skU: 'MUG' }],
    ['a word where a number belongs', { count: 'many' }],
    ['a number where a word belongs', { sku: 7 }],
    ['a list', ['TEA']],
    ['a number no field has', { 0: 1 }],
  ])('is none for %s', (_, value) => {
    expect(messageBytes(value, shapeOf('shop.v1.Item'))).toBeUndefined();
  });
});
