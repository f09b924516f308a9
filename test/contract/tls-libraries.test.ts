/** What every TLS library of the registry keeps to, on real files of its own and of the others, and on what is left of one. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readElf } from '../../recorder/source/ebpf/attach/elf/elf';
import { openFile } from '../../recorder/source/ebpf/attach/elf/elf-file';
import { planImage } from '../../recorder/source/ebpf/attach/image-plan';
import { readsBothWays } from '../../recorder/source/ebpf/attach/plan';
import { tlsLibraries } from '../../recorder/source/ebpf/attach/tls-libraries/registry';
import { wireLibrary } from '../../recorder/source/ebpf/decode/wire';
import { buildGo, describeWithGo } from '../support/go';
import { repository, temporaryFolder } from '../support/programs';
import { buildRust, describeWithRust } from '../support/rust';
import { builtLibraries, describeWithPackage } from '../support/tls-libraries';
import { tableWords, withWords } from '../unit/recorder/attach/boringssl-builder';
import { buildElf } from '../unit/recorder/attach/elf-builder';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const libraries = '/usr/lib/x86_64-linux-gnu';

const shared = (name: string) => () =>
  readdirSync(libraries).flatMap((one) => (one === name ? [join(libraries, one)] : []));

/** Real files that hold the library. */
const samples: Readonly<Record<string, () => readonly string[]>> = {
  openssl: () => [process.execPath, ...shared('libssl.so.3')()],
  go: () => [buildGo('go-tls', folder.file('go-tls'), 'stripped')],
  gnutls: shared('libgnutls.so.30'),
  nss: shared('libssl3.so'),
  mbedtls: shared('libmbedtls.so'),
  wolfssl: shared('libwolfssl.so'),
  jsse: () => [join(repository, 'dist/wiretape-java.so')],
  s2n: () => [buildRust('s2n-echo', folder.file('s2n'), ['linked'])],
  // Real ones are in test/peers: it takes minutes to build one, and none comes with a package.
  boringssl: () => [folder.write('boringssl', buildElf(withWords(tableWords())))],
  rustls: () => ['ring', 'old'].map((which) => buildRust('rustls-echo', folder.file(`rustls-${which}`), [which])),
};

/** Real files without any TLS. */
const bystanders = ['/bin/sh', '/usr/lib/x86_64-linux-gnu/libc.so.6'];

/** Uprobe programs of the kernel side, by the file that defines them. */
function programsIn(file: string): readonly string[] {
  const text = readFileSync(join(repository, 'bpf/hooks', file), 'utf8');
  return [...text.matchAll(/^GUARDED_UPROBE\((\w+),/gm)].map(([, name = '']) => name);
}

function imageOf(path: string) {
  const file = openFile(path);
  const reading = file === undefined ? undefined : readElf(file.read);
  if (file === undefined || reading?.kind !== 'elf') throw new Error(`${path} is no ELF file that can be read`);
  return { image: reading.image, close: () => file.close() };
}

/** By the names of the libraries that know the file. */
function knownBy(path: string): readonly string[] {
  const { image, close } = imageOf(path);
  try {
    return tlsLibraries.filter((library) => library.recognise(image) !== undefined).map(({ name }) => name);
  } finally {
    close();
  }
}

it('searches the names of a file once for all of them', () => {
  const file = openFile(process.execPath);
  if (file === undefined) throw new Error('no executable of its own');
  const reads = new Map<number, number>();
  const reading = readElf((offset, length) => {
    reads.set(offset, (reads.get(offset) ?? 0) + 1);
    return file.read(offset, length);
  });
  if (reading.kind !== 'elf') throw new Error(reading.reason);
  const names = reading.image.section('.strtab');
  const before = new Map(reads);
  planImage(reading.image);
  file.close();
  if (names === undefined) throw new Error('a Node.js with its names is needed');
  expect((reads.get(names.offset) ?? 0) - (before.get(names.offset) ?? 0)).toBe(1);
});

it('has a file of programs, a number in events, and samples for each', () => {
  const names = tlsLibraries.map(({ name }) => name);
  expect([...new Set(names)]).toEqual(names);
  for (const name of names) {
    expect(programsIn(`tls_${name}.bpf.h`)).not.toEqual([]);
    expect(wireLibrary[name]).toBeGreaterThanOrEqual(0);
    expect(samples[name]).toBeDefined();
  }
});

it.each(bystanders)('none knows %s', (path) => {
  expect(knownBy(path)).toEqual([]);
});

for (const library of tlsLibraries) {
  const { name } = library;
  describeLibrary(name)(`the TLS library ${name}`, () => {
    it('knows its own files, and no other does', () => {
      const paths = samples[name]?.() ?? [];
      expect(paths).not.toEqual([]);
      expect(paths.map(knownBy)).toEqual(paths.map(() => [name]));
    }, 300_000);

    it('is read both ways, by programs of its own file', () => {
      const programs = programsIn(`tls_${name}.bpf.h`);
      for (const path of samples[name]?.() ?? []) {
        const { image, close } = imageOf(path);
        const plans = planImage(image).filter((plan) => plan.library === name);
        close();
        expect(plans).toHaveLength(1);
        const [plan] = plans;
        expect(plan?.refusals).toEqual([]);
        expect(plan?.flavour.label).not.toBe('');
        expect(readsBothWays(plan ?? { probes: [] })).toBe(true);
        expect(plan?.probes.filter(({ program }) => !programs.includes(program))).toEqual([]);
        expect(plan?.probes.filter(({ symbol, why }) => symbol === '' || why === '')).toEqual([]);
      }
    }, 300_000);

    it('never throws over what is left of a file, or over one that lies', () => {
      const [path = ''] = samples[name]?.() ?? [];
      const whole = readFileSync(path);
      const look = (bytes: Uint8Array) => {
        const reading = readElf((offset, length) =>
          bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + Math.max(0, length), bytes.length)),
        );
        if (reading.kind !== 'elf') return;
        const flavour = library.recognise(reading.image);
        if (flavour !== undefined) planImage(reading.image);
      };
      for (const part of [0, 0.01, 0.3, 0.5, 0.7, 0.9, 0.99]) look(whole.subarray(0, Math.floor(whole.length * part)));
      for (let round = 0; round < 8; round++) look(damaged(whole, round));
    }, 300_000);
  });
}

/** Samples of Go and Rust are built; those of others come with a package, or not. */
function describeLibrary(name: string): (title: string, tests: () => void) => void {
  if (name === 'go') return describeWithGo;
  if (name === 'rustls') return (title, tests) => describeWithRust(title, 'rustls-echo', tests);
  if (name === 's2n') return (title, tests) => describeWithRust(title, 's2n-echo', tests);
  const built = builtLibraries.find((library) => library.name === name);
  if (built === undefined) return describe;
  return (title, tests) => describeWithPackage(title, { file: built.header, package: built.package }, tests);
}

/** The file with a page in each 64 KiB overwritten, elsewhere in each round; its headers are kept. */
function damaged(whole: Uint8Array, round: number): Uint8Array {
  const bytes = Buffer.from(whole);
  for (let at = 4096 + round * 8192; at + 4096 < bytes.length; at += 65536) {
    for (let i = 0; i < 4096; i++) bytes[at + i] = (i * 31 + round * 17) & (round % 2 === 0 ? 0xff : 0x7f);
  }
  return bytes;
}
