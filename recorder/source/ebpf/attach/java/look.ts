/** What of a process tells whether, and how, its Java virtual machine may be asked to load our agent. Reads, and changes nothing. */
import { closeSync, openSync, readSync } from 'node:fs';
import { javaAgentName } from '../../../../../native/java-agent';
import { type ElfImage, type ReadAt, readElf } from '../elf/elf';
import { fileName, type MappedImage, openImage } from '../mapped-image';
import type { ProcReader } from '../proc/proc-reader';
import { mountOptions, parseStatus } from '../proc/proc-text';
import { flagsThatMatter, type JvmFacts } from './judge';
import { vmFlags } from './vm-flags';

export interface JavaLook {
  readonly facts: Omit<JvmFacts, 'listens'>;
  /** An agent of ours is aboard that JSSE calls into. */
  readonly hasAgent: boolean;
}

export function lookAtJava(proc: ProcReader, pid: number, images: readonly MappedImage[]): JavaLook {
  const maps = proc.read(`${pid}/maps`) ?? '';
  return withMemory(`${proc.root}/${pid}/mem`, (read) => {
    const within = (image: MappedImage): Within => ({ image, read, base: baseOf(maps, image) });
    const machine = images.find(({ path }) => fileName(path) === 'libjvm.so');
    const isOther = images.some(({ path }) => /^libj9vm\d*\.so$/.test(fileName(path)));
    const caught = parseStatus(proc.read(`${pid}/status`) ?? '').get('SigCgt') ?? '0';
    return {
      facts: {
        machine: isOther ? 'other' : machine === undefined ? 'none' : 'hotspot',
        caught: BigInt(`0x${/^[0-9a-f]+$/.exec(caught)?.[0] ?? '0'}`),
        flags: machine === undefined ? null : flagsOf(within(machine)),
        folderOptions: mountOptions(proc.read(`${pid}/mountinfo`) ?? '', '/tmp'),
      },
      hasAgent: images
        .filter(({ path }) => javaAgentName.test(fileName(path)))
        .some((image) => isActive(within(image))),
    };
  });
}

interface Within {
  readonly image: MappedImage;
  readonly read: ReadAt;
  readonly base: number;
}

function flagsOf({ image, read, base }: Within): ReadonlyMap<string, boolean> | null {
  return inElf(image, (elf) => vmFlags(elf, { read, base }, flagsThatMatter)) ?? null;
}

function isActive({ image, read, base }: Within): boolean {
  const address = inElf(image, (elf) => elf.exportedVariable('wiretape_jsse_active'));
  return address !== undefined && (read(base + address, 1)[0] ?? 0) !== 0;
}

function inElf<T>(image: MappedImage, ask: (elf: ElfImage) => T): T | undefined {
  const opened = openImage(image);
  if (opened === undefined) return undefined;
  try {
    const reading = readElf(opened.file.read);
    return reading.kind === 'elf' ? ask(reading.image) : undefined;
  } finally {
    opened.file.close();
  }
}

/** Where the file begins in memory: its first mapping. */
function baseOf(maps: string, { device, inode }: MappedImage): number {
  for (const line of maps.split('\n')) {
    const [range = '', , offset, itsDevice, itsInode] = line.split(/ +/);
    if (itsDevice === device && itsInode === inode && Number.parseInt(offset ?? '', 16) === 0)
      return Number.parseInt(range, 16);
  }
  return Number.NaN;
}

function withMemory<T>(path: string, work: (read: ReadAt) => T): T {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    descriptor = undefined; // gone, or not ours to read: as one that tells nothing
  }
  try {
    return work((address, length) => readMemory(descriptor, address, length));
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function readMemory(descriptor: number | undefined, address: number, length: number): Uint8Array {
  if (descriptor === undefined || !Number.isSafeInteger(address) || address <= 0) return new Uint8Array(0);
  const bytes = Buffer.alloc(length);
  try {
    return bytes.subarray(0, readSync(descriptor, bytes, 0, length, address));
  } catch {
    return new Uint8Array(0);
  }
}
