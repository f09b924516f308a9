/** Descriptors that servers tell: taken once they hold together, never one in the place of another, and only so many. */
import { GatheredFiles, gatherLimits } from '../../../../../tape/body/protobuf/gathered';
import { filesInSet, schemasFrom } from '../../../../../tape/body/protobuf/schemas';
import { bytesField, writeVarint } from '../../../../../tape/body/protobuf/wire';
import { field, fileOf, moneyDescriptor, shopDescriptor, shopSet } from '../../../../support/proto';

const file = (name: string, more: Parameters<typeof fileOf>[0] = {}) =>
  fileOf({ name, package: 'a', syntax: 'proto3', ...more });
const message = (name: string, ...fields: ReturnType<typeof field>[]) => ({ name, field: fields });
const told = (files: ReturnType<GatheredFiles['take']>) => files.map(({ name, others }) => [name, others]);

it('takes a file once all that it imports is there, whichever comes first', () => {
  const gathered = new GatheredFiles();
  expect(told(gathered.take([shopDescriptor]))).toEqual([]);
  expect(gathered.counts).toEqual({ refused: 0, waiting: 1, overLimit: 0 });
  const taken = gathered.take([moneyDescriptor]);
  expect(told(taken)).toEqual([
    ['shop/v1/shop.proto', 0],
    ['shop/v1/money.proto', 0],
  ]);
  const schemas = schemasFrom(new Map(taken.map(({ name, bytes }) => [name, bytes])));
  expect(schemas.call('/shop.v1.Shop/Login')?.request.fields.get(2)?.name).toBe('password');
});

it('is told the same again and again, and says it once', () => {
  const gathered = new GatheredFiles();
  const python = file('b.proto', { messageType: [message('M', { ...field('a_b', 1, 'STRING'), jsonName: '' })] });
  const go = file('b.proto', { messageType: [message('M', field('a_b', 1, 'STRING'))], options: { goPackage: 'x' } });
  expect(told(gathered.take([python]))).toEqual([['b.proto', 0]]);
  expect(told(gathered.take([go, go, python]))).toEqual([]);
});

const one = file('b.proto', { messageType: [message('M', field('user', 1, 'STRING'))] });
const other = file('b.proto', { messageType: [message('M', field('password', 1, 'STRING'))] });

describe('of two that say otherwise', () => {
  it('keeps the first, and says of how many others it was told', () => {
    const gathered = new GatheredFiles();
    const [first] = gathered.take([one]);
    expect(gathered.take([other])).toEqual([{ name: 'b.proto', bytes: first?.bytes, others: 1 }]);
    expect(gathered.take([other, other])).toEqual([]);
    const third = file('b.proto', { messageType: [message('M', field('user', 1, 'BYTES'))] });
    expect(told(gathered.take([third]))).toEqual([['b.proto', 2]]);
  });

  it('sees it where files have other names and define the same', () => {
    const gathered = new GatheredFiles();
    gathered.take([one]);
    const elsewhere = file('elsewhere.proto', { messageType: [message('M', field('password', 1, 'STRING'))] });
    expect(told(gathered.take([elsewhere]))).toEqual([['b.proto', 1]]);
    const alike = file('copied.proto', { messageType: [message('M', field('user', 1, 'STRING'))] });
    expect(told(gathered.take([alike]))).toEqual([['copied.proto', 0]]);
  });

  it('never takes one in the place of what was given', () => {
    const gathered = new GatheredFiles(filesInSet(shopSet, 'shop.binpb'));
    expect(gathered.take([shopDescriptor, moneyDescriptor])).toEqual([]);
    const cheaper = file('shop/v1/money.proto', { package: 'shop.v1', messageType: [message('Money')] });
    expect(told(gathered.take([cheaper]))).toEqual([['shop/v1/money.proto', 1]]);
  });

  it('lets nobody say what a timestamp is', () => {
    const gathered = new GatheredFiles();
    const timestamp = message('Timestamp', field('secret', 1, 'STRING'));
    const more = { package: 'google.protobuf', messageType: [timestamp] };
    expect(gathered.take([file('google/protobuf/timestamp.proto', more), file('mine.proto', more)])).toEqual([]);
    expect(gathered.counts.refused).toBe(1);
  });
});

describe('refuses', () => {
  it.each<[string, Uint8Array]>([
    ['bytes', Uint8Array.of(0xff, 0xff, 0xff)],
    ['nothing', Uint8Array.of()],
    ['a file without a name', file('')],
    ['a name that nobody would give', file('x'.repeat(1001))],
    [
      'a type that is not there',
      file('b.proto', { messageType: [message('M', { ...field('m', 1, 'MESSAGE'), typeName: '.a.None' })] }),
    ],
    ['a name that is none', file('b.proto', { messageType: [message('M; drop', field('a', 1, 'STRING'))] })],
    ['messages within each other without an end', nested(20_000)],
    ['one that is larger than any', file('b.proto', { messageType: [message('M'.repeat(gatherLimits.fileBytes))] })],
  ])('%s, and goes on', (_, bytes) => {
    const gathered = new GatheredFiles();
    expect(gathered.take([bytes, moneyDescriptor]).map(({ name }) => name)).toEqual(['shop/v1/money.proto']);
    expect(gathered.counts.refused).toBe(1);
  });

  it('files that import each other', () => {
    const gathered = new GatheredFiles();
    const pair = [file('b.proto', { dependency: ['c.proto'] }), file('c.proto', { dependency: ['b.proto'] })];
    expect(gathered.take(pair)).toEqual([]);
    expect(gathered.counts).toEqual({ refused: 2, waiting: 0, overLimit: 0 });
  });

  it('more than may be: files, bytes, and work', () => {
    const many = Array.from({ length: 5 }, (_, i) => file(`${i}.proto`));
    const few = new GatheredFiles(new Map(), { ...gatherLimits, files: 3 });
    expect(few.take(many)).toHaveLength(3);
    expect(few.counts.overLimit).toBe(2);
    const small = new GatheredFiles(new Map(), { ...gatherLimits, totalBytes: 60 });
    expect(small.take(many).length).toBeLessThan(5);
    const idle = new GatheredFiles(new Map(), { ...gatherLimits, builtBytes: 30 });
    expect(many.flatMap((each) => idle.take([each])).length).toBeLessThan(5);
    expect(idle.counts.overLimit).toBeGreaterThan(0);
  });
});

/** A message in a message in a message, as bytes that no library was asked to write. */
function nested(depth: number): Uint8Array {
  const layers: Uint8Array[] = [bytesField(1, Buffer.from('M'))];
  let size = layers[0]?.length ?? 0;
  for (let i = 0; i < depth; i++) {
    const head = Buffer.concat([Uint8Array.of((3 << 3) | 2), writeVarint(BigInt(size))]);
    layers.push(head);
    size += head.length;
  }
  const message = Buffer.concat(layers.toReversed());
  return Buffer.concat([bytesField(1, Buffer.from('deep.proto')), bytesField(4, message)]);
}
