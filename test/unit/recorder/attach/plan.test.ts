import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OpenFile, openFile } from '../../../../recorder/source/ebpf/attach/elf/elf-file';
import { createPlanner, type MappedImage, type ProcessPlan } from '../../../../recorder/source/ebpf/attach/plan';
import { type BuiltFunction, buildElf } from './elf-builder';

const SAFE_KERNEL = '6.18.1';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-plan-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function defining(...names: readonly string[]): Buffer {
  return buildElf({ functions: names.map((name): BuiltFunction => ({ name, code: () => [0x55, 0xc3] })) });
}

const tlsHalf = () => defining('SSL_read', 'SSL_write', 'SSL_free');
const cryptoHalf = () => defining('BIO_write');
const both = () => defining('SSL_read', 'SSL_write', 'BIO_write');

function mapped(name: string, content: Uint8Array | null): MappedImage {
  const path = join(folder, name);
  if (content !== null) writeFileSync(path, content);
  return { path: `/usr/lib/${name}`, device: 'fe:00', inode: '7', openable: [{ path, sameFile: false }] };
}

function planFor(
  images: readonly MappedImage[],
  options: { release?: string; seccompMode?: number } = {},
): ProcessPlan {
  const planner = createPlanner({ kernelRelease: options.release ?? SAFE_KERNEL });
  return planner.planFor({ images, seccompMode: options.seccompMode ?? 0 });
}

it('plans the images that hold TLS and leaves the others out', () => {
  const { plans, unreadable } = planFor([
    mapped('libc.so.6', defining('printf')),
    mapped('libssl.so.3', tlsHalf()),
    mapped('libcrypto.so.3', cryptoHalf()),
    mapped('data.bin', Buffer.from('no ELF file at all')),
  ]);
  expect(plans.map(({ image }) => image.label)).toEqual(['libssl.so.3', 'libcrypto.so.3']);
  expect(plans[0]?.image).toMatchObject({
    path: join(folder, 'libssl.so.3'),
    key: openFile(join(folder, 'libssl.so.3'))?.key,
    library: 'openssl',
  });
  expect(unreadable).toEqual([]);
});

it('leaves a libcrypto alone in a process that has no TLS half', () => {
  expect(planFor([mapped('libcrypto.so.3', cryptoHalf())]).plans).toEqual([]);
});

it('names the images that can no longer be opened', () => {
  const { plans, unreadable } = planFor([mapped('libssl.so.3 (deleted)', null), mapped('libssl.so.3', tlsHalf())]);
  expect(plans).toHaveLength(1);
  expect(unreadable).toEqual([{ path: '/usr/lib/libssl.so.3 (deleted)', reason: 'the file can no longer be opened' }]);
});

describe('memory BIOs', () => {
  it.each([
    ['a copy linked into the executable', () => [mapped('node', both())], 'always'],
    [
      "Python's ssl module",
      () => [mapped('libssl.so.3', tlsHalf()), mapped('_ssl.cpython-311-x86_64-linux-gnu.so', defining('PyInit__ssl'))],
      'always',
    ],
    [
      '.NET',
      () => [
        mapped('libssl.so.3', tlsHalf()),
        mapped('libSystem.Security.Cryptography.Native.OpenSsl.so', defining('f')),
      ],
      'always',
    ],
    ['nginx', () => [mapped('nginx', defining('main')), mapped('libssl.so.3', tlsHalf())], 'when-unbound'],
  ] as const)('of %s', (_, images, expected) => {
    expect(planFor(images()).plans[0]?.memoryBio).toBe(expected);
  });
});

it('drops the halves of pairs where return probes would end the process, and says so', () => {
  const image = mapped('libssl.so.3', tlsHalf());
  const [plan] = planFor([image], { release: '6.12.9', seccompMode: 2 }).plans;
  expect(plan?.probes.map(({ symbol }) => symbol)).toEqual(['SSL_free']);
  expect(plan?.refusals.map(({ symbol }) => symbol)).toEqual(['SSL_read', 'SSL_write']);
  const [unfiltered] = planFor([image], { release: '6.12.9', seccompMode: 0 }).plans;
  expect(unfiltered).toMatchObject({ refusals: [] });
  expect(unfiltered?.probes).toHaveLength(5);
});

describe('opening', () => {
  it('takes the next way where the first leads to another file', () => {
    const path = join(folder, 'libssl.so.3');
    writeFileSync(path, tlsHalf());
    const image = {
      ...mapped('libssl.so.3', tlsHalf()),
      openable: [
        { path, sameFile: true },
        { path: `${folder}/./libssl.so.3`, sameFile: false },
      ],
    };
    expect(planFor([image]).plans[0]?.image.path).toBe(`${folder}/./libssl.so.3`);
  });

  it('takes the first way where it leads to the very file', () => {
    const path = join(folder, 'libssl.so.3');
    writeFileSync(path, tlsHalf());
    const { device, inode, close } = openFile(path) as OpenFile;
    close();
    const image = { path, device, inode, openable: [{ path, sameFile: true }] };
    expect(planFor([image]).plans[0]?.image.path).toBe(path);
  });
});

describe('reading files', () => {
  function countingPlanner() {
    let reads = 0;
    const planner = createPlanner({
      kernelRelease: SAFE_KERNEL,
      open: (path) => {
        const file = openFile(path);
        const read: OpenFile['read'] = (offset, length) => {
          reads++;
          return file?.read(offset, length) ?? new Uint8Array(0);
        };
        return file && { ...file, read };
      },
    });
    return { planner, reads: () => reads };
  }

  it('reads a file once for all processes that map it', () => {
    const { planner, reads } = countingPlanner();
    const process = {
      images: [mapped('libssl.so.3', tlsHalf()), mapped('libc.so.6', defining('printf'))],
      seccompMode: 0,
    };
    const first = planner.planFor(process);
    const before = reads();
    expect(planner.planFor(process)).toEqual(first);
    expect(before).toBeGreaterThan(0);
    expect(reads()).toBe(before);
  });

  it('reads it again when it changed', () => {
    const { planner } = countingPlanner();
    expect(planner.planFor({ images: [mapped('x.so', defining('printf'))], seccompMode: 0 }).plans).toEqual([]);
    expect(planner.planFor({ images: [mapped('x.so', tlsHalf())], seccompMode: 0 }).plans).toHaveLength(1);
  });

  it('closes every file it opens', () => {
    const open = new Set<string>();
    const closed = (path: string, file: OpenFile) => {
      open.delete(path);
      file.close();
    };
    const planner = createPlanner({
      kernelRelease: SAFE_KERNEL,
      open: (path) => {
        const file = openFile(path);
        if (file !== undefined) open.add(path);
        return file && { ...file, close: () => closed(path, file) };
      },
    });
    planner.planFor({ images: [mapped('a.so', tlsHalf()), mapped('b.so', Buffer.from('junk'))], seccompMode: 0 });
    expect([...open]).toEqual([]);
  });
});
