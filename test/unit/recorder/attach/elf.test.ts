import { type ElfImage, readElf } from '../../../../recorder/source/ebpf/attach/elf/elf';
import { addressOf, buildElf, type ElfPlan, offsetOf, readerOf, TEXT_ADDRESS } from './elf-builder';

const ret = () => [0xc3];
const plan: ElfPlan = {
  functions: [
    { name: 'SSL_read', code: () => [0x55, 0xc3] },
    { name: 'SSL_write', code: ret },
    { name: 'inner', code: ret, visibility: 'local' },
    { name: 'nameless', code: ret, visibility: 'hidden' },
  ],
  imports: ['BIO_write'],
};

function imageOf(elf: ElfPlan): ElfImage {
  return image(buildElf(elf));
}

function image(file: Uint8Array): ElfImage {
  const reading = readElf(readerOf(file));
  if (reading.kind === 'refused') throw new Error(reading.reason);
  return reading.image;
}

describe.each([
  ['with a hash table', true],
  ['without one', false],
])('functions of a file %s', (_, hashed) => {
  const elf = imageOf({ ...plan, hashed });

  it('finds exported functions with their addresses and sizes', () => {
    const found = elf.functions(['SSL_read', 'SSL_write'], 'exported');
    expect(found.get('SSL_read')).toEqual({
      name: 'SSL_read',
      address: addressOf(plan, 'SSL_read'),
      size: 0x100,
      table: 'dynsym',
    });
    expect(found.get('SSL_write')?.address).toBe(addressOf(plan, 'SSL_write'));
  });

  it('looks into the full table only when asked for all', () => {
    expect(elf.functions(['inner'], 'exported').size).toBe(0);
    expect(elf.functions(['inner'], 'all').get('inner')?.table).toBe('symtab');
    expect(elf.functions(['nameless'], 'all').size).toBe(0);
  });

  it('does not take an imported function for a defined one', () => {
    expect(elf.functions(['BIO_write'], 'all').size).toBe(0);
  });

  it('does not take a name for another that ends with it', () => {
    const longer = imageOf({ functions: [{ name: 'MY_SSL_read', code: ret }], hashed });
    expect(longer.functions(['SSL_read'], 'all').size).toBe(0);
  });
});

it('translates addresses to file offsets through the executable segment', () => {
  const elf = imageOf(plan);
  expect(elf.fileOffsetOf(TEXT_ADDRESS + 0x200)).toBe(offsetOf(TEXT_ADDRESS + 0x200));
  expect(elf.fileOffsetOf(0x400010)).toBeUndefined();
  expect(elf.fileOffsetOf(TEXT_ADDRESS + 0x1000000)).toBeUndefined();
});

it('reads code at an address, and none outside executable segments', () => {
  const elf = imageOf(plan);
  expect([...elf.code(TEXT_ADDRESS, 2)]).toEqual([0x55, 0xc3]);
  expect(elf.code(0x400010, 16)).toHaveLength(0);
});

it('names the function behind a linkage stub', () => {
  const calling: ElfPlan = {
    functions: [
      { name: 'f', code: ({ stubOf }) => [...Buffer.from(BigUint64Array.of(BigInt(stubOf('BIO_write'))).buffer)] },
    ],
    imports: ['malloc', 'BIO_write'],
  };
  const elf = imageOf(calling);
  const stub = Number(Buffer.from(elf.code(TEXT_ADDRESS, 8)).readBigUInt64LE());
  expect(elf.linkageTarget(stub)).toBe('BIO_write');
  expect(elf.linkageTarget(TEXT_ADDRESS)).toBeUndefined();
});

it('lists the libraries a file is linked to', () => {
  expect(imageOf({ ...plan, needed: ['libssl.so.3', 'libc.so.6'] }).needed).toEqual(['libssl.so.3', 'libc.so.6']);
  expect(imageOf(plan).needed).toEqual([]);
  expect(imageOf(plan).searchPaths).toEqual([]);
  const own = imageOf({ ...plan, needed: ['libssl.so.3'], runpath: '$ORIGIN/../lib:/opt/lib' });
  expect([own.needed, own.searchPaths]).toEqual([['libssl.so.3'], ['$ORIGIN/../lib', '/opt/lib']]);
});

it('opens a file without section headers, and finds no functions in it', () => {
  const file = buildElf(plan);
  file.writeUInt16LE(0, 60);
  expect(image(file).functions(['SSL_read'], 'all').size).toBe(0);
});

describe('refuses with a reason', () => {
  const file = buildElf(plan);
  const changed = (at: number, byte: number) => {
    const copy = Buffer.from(file);
    copy[at] = byte;
    return copy;
  };
  it.each([
    ['an empty file', Buffer.alloc(0), 'it is no ELF file'],
    [
      'a script',
      Buffer.from('#!/bin/sh\necho this is a script, and longer than an ELF header is\n'),
      'it is no ELF file',
    ],
    ['a 32-bit file', changed(4, 1), 'it is not a 64-bit little-endian ELF file'],
    ['another processor', changed(18, 183), 'it is built for another processor than x86-64'],
    ['program headers beyond its end', changed(36, 0xff), 'its program headers are damaged'],
  ])('%s', (_, bytes, reason) => {
    expect(readElf(readerOf(bytes))).toEqual({ kind: 'refused', reason });
  });
});

it('survives damage at any place', () => {
  const file = buildElf(plan);
  const random = generator(20261120);
  for (let round = 0; round < 2000; round++) {
    const damaged = Buffer.from(file);
    const structured = file.length - 0x9200;
    for (let i = 0; i < 8; i++) {
      const at = random() % 2 === 0 ? random() % 0x100 : file.length - 1 - (random() % structured);
      damaged[at] = random() % 256;
    }
    const reading = readElf(readerOf(damaged.subarray(0, random() % 3 === 0 ? random() % file.length : file.length)));
    if (reading.kind === 'refused') continue;
    reading.image.functions(['SSL_read', 'inner', 'BIO_write'], 'all');
    reading.image.linkageTarget(TEXT_ADDRESS + 0x8000);
    expect(reading.image.code(TEXT_ADDRESS, 64).length).toBeLessThanOrEqual(64);
    expect(() => reading.image.needed).not.toThrow();
  }
});

/** A linear congruential generator (Numerical Recipes): the same numbers on every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
}
