import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readElf } from '../../../../recorder/source/ebpf/attach/elf/elf';
import { createPlanner, type MappedImage } from '../../../../recorder/source/ebpf/attach/plan';
import { evidenceIn, sightTls } from '../../../../recorder/source/ebpf/attach/tls-sightings';
import { tableWords, withWords } from './boringssl-builder';
import { buildElf, type Code, type ElfPlan, readerOf, rel32 } from './elf-builder';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-tls-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const push: Code = () => [0x55, 0xc3];
const sub: Code = () => [0x48, 0x83, 0xec, 8, 0xc3];
const toInner: Code = ({ self, addressOf }) => [
  0x48,
  0x83,
  0xec,
  8,
  ...rel32(0xe8, self + 4, addressOf('inner')),
  0xc3,
];

function functions(names: readonly string[], code: Code = push): ElfPlan {
  return { functions: names.map((name) => ({ name, code })) };
}

function mapped(name: string, plan: ElfPlan = functions(['main'])): MappedImage {
  writeFileSync(join(folder, name), buildElf(plan));
  return { path: `/x/${name}`, device: '', inode: '', openable: [{ path: join(folder, name), sameFile: false }] };
}

type Outcome = 'safe' | 'killed';

function sighted(images: readonly MappedImage[], outcome: Outcome = 'safe') {
  const planner = createPlanner({ returnProbes: { outcome, detail: 'tried' } });
  return sightTls({ images, plan: planner.planFor({ images }), evidence: [] });
}

function evidence(plan: ElfPlan) {
  const reading = readElf(readerOf(buildElf(plan)));
  return reading.kind === 'elf' ? evidenceIn('app', reading.image) : undefined;
}

it.each([
  [
    'a shared libssl by its inner functions',
    'libssl.so.3',
    {
      functions: [
        ...functions(['SSL_read', 'SSL_read_ex', 'SSL_write', 'SSL_write_ex'], toInner).functions,
        { name: 'inner', code: push, visibility: 'hidden' },
      ],
    } as ElfPlan,
    'shared libssl.so.3: inner functions',
  ],
  [
    'a shared libssl by its exported functions',
    'libssl.so.1.1',
    functions(['SSL_read', 'SSL_write']),
    'shared libssl.so.1.1: exported functions',
  ],
  [
    'one whose functions must be single-stepped',
    'libssl.so.3',
    functions(['SSL_read', 'SSL_write'], sub),
    'shared libssl.so.3: exported functions, at a higher cost',
  ],
  [
    'a copy in an executable',
    'node',
    functions(['SSL_read', 'SSL_write', 'BIO_write']),
    'own copy in node: exported functions',
  ],
])('reads %s', (_, name, plan, how) => {
  expect(sighted([mapped(name, plan)])).toEqual([{ file: name, library: 'OpenSSL', captured: true, how }]);
});

it('says why a recognised library is not read', () => {
  const images = [mapped('libssl.so.3', functions(['SSL_read', 'SSL_write']))];
  expect(sighted(images, 'killed')).toMatchObject([
    {
      captured: false,
      how: 'SSL_read: a return probe would end a process with a seccomp filter here (tried)',
    },
  ]);
});

it.each([['libjvm.so', 'JSSE']])('names %s as a library that is not captured', (name, library) => {
  expect(sighted([mapped(name)])).toMatchObject([{ file: name, library, captured: false }]);
});

const reports = '../ssl/statem/statem_lib.c\0';
const plain = functions(['main']);
const versionText = { ...plain, rodata: 'OpenSSL is great\0OpenSSL 3.0.19 27 Jan 2026\0' };

it.each([
  ['rustls', { ...plain, rodata: '/registry/src/rustls-0.23.12/src/conn.rs' }, 'rustls in app is not captured yet'],
  [
    'OpenSSL without symbols',
    versionText,
    'OpenSSL 3.0.19 27 Jan 2026 is linked into app without the names of its functions: TLS done by it is not captured',
  ],
  [
    'OpenSSL that names its crypto half only',
    { ...functions(['BIO_write', 'SSL_read']), rodata: `${reports}${versionText.rodata}` },
    'OpenSSL 3.0.19 27 Jan 2026 is linked into app without the names of its functions: TLS done by it is not captured',
  ],
  [
    'OpenSSL without symbols that nobody asks for its version',
    { ...plain, rodata: reports },
    'OpenSSL is linked into app without the names of its functions: TLS done by it is not captured',
  ],
  [
    'BoringSSL without symbols, by its version',
    { ...plain, rodata: 'OpenSSL 1.1.1 (compatible; BoringSSL)\0' },
    'OpenSSL 1.1.1 (compatible; BoringSSL) is linked into app without the names of its functions: TLS done by it is not captured',
  ],
  [
    'BoringSSL without symbols, by the names of its sources',
    { ...plain, rodata: 'third_party/boringssl-with-bazel/src/ssl.cc\0' },
    'BoringSSL is linked into app without the names of its functions: TLS done by it is not captured',
  ],
])('finds %s inside a file', (_, plan, how) => {
  expect(evidence(plan)).toMatchObject([{ file: 'app', captured: false, how }]);
});

it.each([
  ['OpenSSL 3.0.19 27 Jan 2026', 'OpenSSL'],
  ['OpenSSL 1.1.1 (compatible; BoringSSL)', 'BoringSSL'],
  ['OpenSSL 1.1.1 (compatible; AWS-LC 1.60.0)', 'AWS-LC'],
])('calls a library that says it is %s by its own name', (version, library) => {
  expect(evidence({ ...plain, rodata: `${version}\0` })).toMatchObject([{ library }]);
});

it.each([
  ['.gopclntab', 'a fixed address'],
  ['.data.rel.ro.gopclntab', 'any address'],
])('names Go by the text in %s where the table itself cannot be read (a program for %s)', (section) => {
  const elf = { ...plain, extraSections: { [section]: 'xx\0crypto/tls.(*Conn).Write\0' } };
  expect(sighted([mapped('app', elf)])).toEqual([
    {
      file: 'app',
      library: 'Go crypto/tls',
      captured: false,
      how: 'crypto/tls: its table of functions is not that of Go 1.18 to 1.26',
    },
  ]);
  const without = { ...plain, extraSections: { [section]: 'xx\0net/http.(*conn).serve\0' } };
  expect(sighted([mapped('app', without)])).toEqual([]);
});

it.each([
  ['shows nothing', { ...plain, rodata: 'needs OpenSSL 3 or newer, or rustls' }],
  ['is linked to libssl and holds the text of its headers', { ...versionText, needed: ['libssl.so.3'] }],
  ['is linked to the libcrypto of a wheel', { ...versionText, needed: ['libcrypto-2e26bb3f.so.1.1'] }],
  ['is libcrypto itself', { ...functions(['BIO_write']), rodata: versionText.rodata }],
  [
    'is recognised, by the forms that Rust calls',
    { ...functions(['SSL_read_ex', 'SSL_write_ex']), rodata: `${reports}${versionText.rodata}` },
  ],
  [
    'has the table of BoringSSL, and says that it is one',
    withWords(tableWords(), { rodata: 'OpenSSL 1.1.1 (compatible; BoringSSL)\0' }),
  ],
  [
    'has the table of AWS-LC, and says that it is one',
    withWords(tableWords(), { rodata: 'OpenSSL 1.1.1 (compatible; AWS-LC 1.60.0)\0' }),
  ],
])('claims nothing about a file that %s', (_, plan) => {
  expect(evidence(plan)).toEqual([]);
});

it.each([
  ['/x/libssl.so.3 (deleted)', ['OpenSSL']],
  ['/x/libssl-2e26bb3f.so.1.1', ['OpenSSL']],
  ['/x/libssl3.so', ['NSS']],
  ['/x/libgnutls.so.30.34.3', ['GnuTLS']],
  ['/x/libmbedtls.so.14', ['mbedTLS']],
  ['/x/libwolfssl.so.35', ['wolfSSL']],
  ['/x/libc.so.6', []],
])('knows %s, which cannot be opened, by its name', (path, libraries) => {
  const found = sighted([{ path, device: '', inode: '', openable: [] }]);
  expect(found.map(({ library, captured }) => [library, captured])).toEqual(libraries.map((one) => [one, false]));
});

it.each([
  ['BoringSSL', ''],
  ['AWS-LC', 'OpenSSL 1.1.1 (compatible; AWS-LC 1.60.0)\0'],
])('tells of %s that is read without names', (library, rodata) => {
  const found = sighted([mapped('app', withWords(tableWords(), { rodata }))]);
  expect(found).toEqual([{ file: 'app', library, captured: true, how: 'own copy in app: places found in its code' }]);
});

it('lists what is recognised before what only shows', () => {
  const images = [mapped('libjvm.so'), mapped('libssl.so.3', functions(['SSL_read', 'SSL_write']))];
  const plan = createPlanner({ returnProbes: { outcome: 'safe', detail: '' } }).planFor({ images });
  const found = sightTls({ images, plan, evidence: evidence(versionText) ?? [] });
  expect(found.map(({ file }) => file)).toEqual(['libssl.so.3', 'libjvm.so', 'app']);
});
