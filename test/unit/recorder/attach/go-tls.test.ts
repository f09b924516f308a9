/** Probes of Go programs: over real ones, in each way they are built, and over the code of older versions by hand. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type GoFunctionTable, readGoTable } from '../../../../recorder/source/ebpf/attach/code/go/function-table';
import { placeOfCopy, placeOfEntry } from '../../../../recorder/source/ebpf/attach/code/go/tls-places';
import { type ElfImage, readElf } from '../../../../recorder/source/ebpf/attach/elf/elf';
import { planImage } from '../../../../recorder/source/ebpf/attach/image-plan';
import { createPlanner } from '../../../../recorder/source/ebpf/attach/plan';
import { buildGo, describeWithGo, type GoBuild, goBuilds } from '../../../support/go';
import { temporaryFolder } from '../../../support/programs';
import { readerOf } from './elf-builder';

const folder = temporaryFolder();
afterAll(() => folder.remove());

function imageOf(file: Uint8Array): ElfImage {
  const reading = readElf(readerOf(file));
  if (reading.kind !== 'elf') throw new Error(reading.reason);
  return reading.image;
}

function tableOf(image: ElfImage): GoFunctionTable {
  const reading = readGoTable(image);
  if (reading.kind !== 'table') throw new Error(reading.kind);
  return reading.table;
}

/** Address and size by name, as the file's symbols say. */
function symbolsOf(file: string): ReadonlyMap<string, readonly [address: number, size: number]> {
  const lines = execFileSync('nm', ['-S', '--defined-only', file], { encoding: 'utf8', maxBuffer: 1 << 26 }).split(
    '\n',
  );
  return new Map(
    lines.flatMap((line) => {
      const [, address, size, name] = /^([0-9a-f]+) ([0-9a-f]+) [tT] (.+)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, [Number(`0x${address}`), Number(`0x${size}`)]] as const];
    }),
  );
}

const ENDINGS = ['tls.(*Conn).Read', 'tls.(*Conn).Write', 'tls.(*Conn).Close', 'runtime.memmove', 'main.echo'];

describeWithGo('a Go program', () => {
  const built = new Map<GoBuild, string>();
  const fileOf = (build: GoBuild) => {
    const known = built.get(build) ?? buildGo('go-tls', folder.file(build.replaceAll(' ', '-')), build);
    built.set(build, known);
    return known;
  };
  const builds = Object.keys(goBuilds) as GoBuild[];

  it.each(['plain', 'pie'] as const)(
    'has its functions where its symbols say (%s)',
    (build) => {
      const file = fileOf(build);
      const symbols = symbolsOf(file);
      const found = tableOf(imageOf(readFileSync(file))).endingIn(ENDINGS);
      expect(found.map(({ name }) => name).sort()).toEqual(
        [...ENDINGS.slice(0, 3).map((name) => `crypto/${name}`), ...ENDINGS.slice(3)].sort(),
      );
      for (const { name, address, size } of found) {
        const [start = 0, bytes = 0] = symbols.get(name) ?? [];
        expect({ name, address }).toEqual({ name, address: start });
        expect(size).toBeGreaterThanOrEqual(bytes);
      }
    },
    300_000,
  );

  it.each(builds)(
    'is probed once a direction, in the midst of the functions, without a return probe (%s)',
    (build) => {
      const file = readFileSync(fileOf(build));
      const [plan, ...others] = planImage(imageOf(file));
      expect(others).toEqual([]);
      expect(plan).toMatchObject({ library: 'go', flavour: { holds: 'tls', label: 'Go crypto/tls' }, refusals: [] });
      expect(plan?.probes).toMatchObject([
        { program: 'wt_go_read', symbol: 'crypto/tls.(*Conn).Read', need: 'read', isReturn: false },
        { program: 'wt_go_write', symbol: 'crypto/tls.(*Conn).Write', need: 'write', isReturn: false },
      ]);
      const [read, write] = plan?.probes ?? [];
      expect(file[read?.fileOffset ?? 0]).toBe(0xe8);
      expect([0x55, 0x0f]).toContain(file[write?.fileOffset ?? 0]);
    },
    300_000,
  );

  it('is read where return probes would end a process: it needs none', () => {
    const file = fileOf('plain');
    const planner = createPlanner({ returnProbes: { outcome: 'killed', detail: 'signal 31' } });
    const openable = [{ path: file, sameFile: false }];
    const { plans } = planner.planFor({ images: [{ path: file, device: '', inode: '', openable }] });
    expect(plans.map(({ probes, refusals }) => [probes.length, refusals])).toEqual([[2, []]]);
  }, 300_000);

  it('tells how far the stack pointer has moved, from the first instruction to the copy', () => {
    const image = imageOf(readFileSync(fileOf('plain')));
    const table = tableOf(image);
    const [read] = table.endingIn(['crypto/tls.(*Conn).Read']);
    if (read === undefined) throw new Error('no Read');
    expect(table.depthAt(read, 0)).toBe(0);
    expect([96, 104]).toContain(table.depthAt(read, 400));
    expect(table.depthAt(read, read.size + 1000)).toBeUndefined();
  }, 300_000);

  it('is found by how its table begins where no section is named', () => {
    const file = Buffer.from(readFileSync(fileOf('stripped')));
    const whole = planImage(imageOf(file));
    file.writeBigUInt64LE(0n, 40); // e_shoff
    file.writeUInt16LE(0, 60); // e_shnum
    expect(planImage(imageOf(file))).toEqual(whole);
  }, 300_000);

  it('without crypto/tls is none of this library', () => {
    const source = 'package main\n\nfunc main() { println("nothing to hide") }\n';
    folder.write('main.go', source);
    folder.write('go.mod', 'module nothing\n\ngo 1.18\n');
    const output = buildGo(folder.path, folder.file('nothing'));
    expect(planImage(imageOf(readFileSync(output)))).toEqual([]);
  }, 300_000);

  it('that was changed where its code is told from is refused, with the reason', () => {
    const file = Buffer.from(readFileSync(fileOf('plain')));
    const [plan] = planImage(imageOf(file));
    const read = plan?.probes.find(({ need }) => need === 'read')?.fileOffset ?? 0;
    file[read] = 0x90;
    expect(planImage(imageOf(file))).toMatchObject([
      {
        library: 'go',
        probes: [],
        refusals: [{ symbol: 'crypto/tls.(*Conn).Read', reason: 'it calls memmove 0 times, not once' }],
      },
    ]);
  }, 300_000);
});

const CHECK = [0x4c, 0x8d, 0x64, 0x24, 0xb8, 0x4d, 0x3b, 0x66, 0x10];
const SHORT_CHECK = [0x49, 0x3b, 0x66, 0x10];
const JBE = [0x0f, 0x86, 0x40, 0, 0, 0];
const BODY = Array<number>(0x60).fill(0x90);

describe('the place in Write', () => {
  it.each([
    ['behind the check, on its push (1.21 and newer)', [...CHECK, ...JBE, 0x55, ...BODY], 15],
    ['behind a short check', [...SHORT_CHECK, ...JBE, 0x55, ...BODY], 10],
    ['at the jump of the check, before there was a push', [...SHORT_CHECK, ...JBE, 0x48, 0x83, 0xec, 0x68, ...BODY], 4],
  ])('is %s', (_, code, offset) => {
    expect(placeOfEntry(Uint8Array.from(code))).toMatchObject({ kind: 'place', offset });
  });

  it.each([
    ['nothing', []],
    ['another beginning', [0x55, 0x48, 0x89, 0xe5, ...BODY]],
    ['a check without a jump', [...CHECK, ...BODY]],
    ['a jump that leaves the function', [...CHECK, 0x0f, 0x86, 0xff, 0xff, 0, 0, 0x55, ...BODY]],
    ['an end in the midst', CHECK.slice(0, 6)],
  ])('is refused in %s', (_, code) => {
    expect(placeOfEntry(Uint8Array.from(code))).toMatchObject({ kind: 'refused' });
  });
});

describe('the place in Read', () => {
  const ADDRESS = 0x1000;
  const MEMMOVE = 0x9000;
  const call = (at: number) => {
    const distance = Buffer.alloc(4);
    distance.writeInt32LE(MEMMOVE - (ADDRESS + at + 5));
    return [0xe8, ...distance];
  };
  const pushing = [...SHORT_CHECK, ...JBE, 0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xec, 0x58];
  const storing = [
    ...[...SHORT_CHECK, ...JBE, 0x48, 0x83, 0xec, 0x68],
    ...[0x48, 0x89, 0x6c, 0x24, 0x60, 0x48, 0x8d, 0x6c, 0x24, 0x60],
  ];
  const saving = (place: number) => [0x48, 0x89, 0x44, 0x24, place];
  const whole = (head: readonly number[], saved: readonly number[], calls = 1) => {
    const code = [...head, ...saved];
    for (let i = 0; i < calls; i++) code.push(...call(code.length), 0x90);
    return Uint8Array.from([...code, ...BODY]);
  };
  const placeIn = (body: Uint8Array, depth: number | undefined) =>
    placeOfCopy({ address: ADDRESS, body }, MEMMOVE, () => depth);

  it.each([
    ['1.21 and newer', whole(pushing, saving(0x68)), 96],
    ['1.18 to 1.20', whole(storing, saving(0x70)), 104],
  ])('is the call of memmove (%s)', (_, body, depth) => {
    expect(placeIn(body, depth)).toMatchObject({ kind: 'place', offset: body.indexOf(0xe8) });
  });

  it.each([
    ['memmove is called twice', whole(pushing, saving(0x68), 2), 96, 'it calls memmove 2 times, not once'],
    ['memmove is not called', whole(pushing, saving(0x68), 0), 96, 'it calls memmove 0 times, not once'],
    [
      'the table says another depth',
      whole(pushing, saving(0x68)),
      104,
      'its frame is not that of Go 1.18 to 1.26 (96, the table says 104)',
    ],
    [
      'the table says none',
      whole(pushing, saving(0x68)),
      undefined,
      'its frame is not that of Go 1.18 to 1.26 (96, the table says nothing)',
    ],
    [
      'there is no frame pointer',
      whole([...SHORT_CHECK, ...JBE, 0x48, 0x83, 0xec, 0x58], saving(0x68)),
      96,
      'its frame is not that of Go 1.18 to 1.26 (none, the table says 96)',
    ],
    ['the argument is kept elsewhere', whole(pushing, saving(0x60)), 96, 'it does not keep its first argument'],
  ])('is refused where %s', (_, body, depth, reason) => {
    expect(placeIn(body, depth)).toEqual({ kind: 'refused', reason });
  });
});
