/**
 * Descriptors that servers tell, gathered one answer after another. The first one of a name counts: another one that names
 * fields otherwise is not taken, and is counted. Takes nothing that does not hold together, and no more than its limits; a file waits
 * for what it imports. Never throws on input.
 */
import { bytesOfFile, type FileDescriptorProto, fileIn, isComplete, meaningsIn, registryOf } from './descriptors';
import { wellKnownFiles } from './well-known';

export interface GatherLimits {
  /** Of one file. */
  readonly fileBytes: number;
  /** Of all files together. */
  readonly totalBytes: number;
  readonly files: number;
  /** What is put together to see whether it holds: the same file again for each answer that has something that needs it. */
  readonly builtBytes: number;
}

const mebibyte = 1024 * 1024;
export const gatherLimits: GatherLimits = {
  fileBytes: mebibyte,
  totalBytes: 8 * mebibyte,
  files: 2000,
  builtBytes: 64 * mebibyte,
};
const longestName = 1000;
/** More different ones are as contested as these. */
const mostOthers = 100;

/** A file as it is to be kept: new, or of which one more was told that differs. */
export interface GatheredFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** How many others were told that name fields otherwise, of its name or of something it defines. */
  readonly others: number;
}

export interface GatherCounts {
  /** Descriptors that are none, do not hold together, or are larger than one may be. */
  readonly refused: number;
  /** Files that lack what they import. */
  readonly waiting: number;
  /** Files that were not looked at, because as much was taken as may be. */
  readonly overLimit: number;
}

interface Known {
  readonly file: FileDescriptorProto;
  readonly bytes: Uint8Array;
  readonly meanings: ReadonlyMap<string, string>;
  readonly others: Set<string>;
  state: 'taken' | 'waiting';
}

export class GatheredFiles {
  private readonly known = new Map<string, Known>();
  /** Whose each name is, and what it means there. */
  private readonly owners = new Map<string, { readonly file: string; readonly meaning: string }>();
  private toldFiles = 0;
  private totalBytes = 0;
  private builtBytes = 0;
  private refused = 0;
  private overLimit = 0;

  /** `given`: files that count before whatever a server tells. */
  constructor(
    given: ReadonlyMap<string, Uint8Array> = new Map(),
    private readonly limits: GatherLimits = gatherLimits,
  ) {
    for (const file of wellKnownFiles.values()) this.own(file.name, meaningsIn(file));
    for (const bytes of given.values()) {
      const file = fileIn(bytes);
      if (file !== null) this.keep(file, bytes, meaningsIn(file)).state = 'taken';
    }
  }

  get counts(): GatherCounts {
    const waiting = [...this.known.values()].filter(({ state }) => state === 'waiting').length;
    return { refused: this.refused, waiting, overLimit: this.overLimit };
  }

  /** The descriptors of one answer. Gives what is to be kept because of it. */
  take(answer: readonly Uint8Array[]): readonly GatheredFile[] {
    const contested = new Set<string>();
    const before = this.toldFiles;
    for (const bytes of answer) {
      const owner = this.look(bytes);
      if (owner !== null) contested.add(owner);
    }
    const taken = this.toldFiles === before ? [] : this.settle();
    return [...new Set([...taken, ...contested])].flatMap((name) => {
      const found = this.known.get(name);
      return found?.state === 'taken' ? [{ name, bytes: found.bytes, others: found.others.size }] : [];
    });
  }

  /** The name of a file that is there already and says otherwise; null where there is none. */
  private look(bytes: Uint8Array): string | null {
    const read = bytes.length > this.limits.fileBytes ? null : readFile(bytes);
    if (read === null) {
      this.refused++;
      return null;
    }
    const { file, meanings } = read;
    if (wellKnownFiles.has(file.name)) return null; // everybody has the same
    const owner = this.contestedBy(file.name, meanings);
    if (owner !== null) return this.contest(owner, meanings) ? owner : null;
    if (!this.known.has(file.name)) this.admit(file, meanings);
    return null;
  }

  private admit(file: FileDescriptorProto, meanings: ReadonlyMap<string, string>): void {
    const bytes = bytesOfFile(file);
    const { files, totalBytes, builtBytes } = this.limits;
    const isFull = this.toldFiles >= files || this.totalBytes + bytes.length > totalBytes;
    if (isFull || this.builtBytes >= builtBytes) this.overLimit++;
    else {
      this.toldFiles++;
      this.totalBytes += bytes.length;
      this.keep(file, bytes, meanings);
    }
  }

  private keep(file: FileDescriptorProto, bytes: Uint8Array, meanings: ReadonlyMap<string, string>): Known {
    const known: Known = { file, bytes, meanings, others: new Set(), state: 'waiting' };
    this.known.set(file.name, known);
    this.own(file.name, meanings);
    return known;
  }

  private own(file: string, meanings: ReadonlyMap<string, string>): void {
    for (const [name, meaning] of meanings) if (!this.owners.has(name)) this.owners.set(name, { file, meaning });
  }

  private contestedBy(name: string, meanings: ReadonlyMap<string, string>): string | null {
    const known = this.known.get(name);
    if (known !== undefined && !isSame(known.meanings, meanings)) return name;
    for (const [defined, meaning] of meanings) {
      const owner = this.owners.get(defined);
      if (owner !== undefined && owner.meaning !== meaning) return owner.file;
    }
    return null;
  }

  /** True where it is another one than those before it. */
  private contest(owner: string, meanings: ReadonlyMap<string, string>): boolean {
    const others = this.known.get(owner)?.others;
    if (others === undefined || others.size >= mostOthers) {
      this.refused++; // what everybody has is not to be told otherwise
      return false;
    }
    const before = others.size;
    others.add(JSON.stringify([...meanings].toSorted()));
    return others.size > before;
  }

  /** Takes what waits and has all it imports by now: all of it at once, and file by file where that does not hold together. */
  private settle(): readonly string[] {
    const files = this.files();
    const isReady = ({ state, file }: Known) => state === 'waiting' && isComplete(file, files);
    const names = [...this.known].filter(([, known]) => isReady(known)).map(([name]) => name);
    if (names.length === 0 || this.holds(names)) return this.settled(names);
    return names.flatMap((name) => {
      if (this.holds([name])) return this.settled([name]);
      this.refuse(name);
      return [];
    });
  }

  private settled(names: readonly string[]): readonly string[] {
    for (const name of names) {
      const known = this.known.get(name);
      if (known !== undefined) known.state = 'taken';
    }
    return names;
  }

  private refuse(name: string): void {
    const known = this.known.get(name);
    if (known === undefined) return;
    this.refused++;
    this.totalBytes -= known.bytes.length;
    this.known.delete(name);
    for (const defined of known.meanings.keys()) {
      if (this.owners.get(defined)?.file === name) this.owners.delete(defined);
    }
  }

  private holds(names: readonly string[]): boolean {
    try {
      const { files } = registryOf(names, this.files());
      for (const { proto } of files) this.builtBytes += this.known.get(proto.name)?.bytes.length ?? 0;
      return true;
    } catch {
      this.builtBytes += this.totalBytes; // as much as it may have looked at
      return false;
    }
  }

  private files(): ReadonlyMap<string, FileDescriptorProto> {
    return new Map([...this.known].map(([name, { file }]) => [name, file]));
  }
}

/** Null where it is no file, or one that nobody would have written. */
function readFile(bytes: Uint8Array) {
  try {
    const file = fileIn(bytes);
    if (file === null || file.name.length > longestName) return null;
    return { file, meanings: meaningsIn(file) };
  } catch {
    return null; // messages within each other, deeper than the stack
  }
}

function isSame(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  return one.size === other.size && [...one].every(([name, meaning]) => other.get(name) === meaning);
}
