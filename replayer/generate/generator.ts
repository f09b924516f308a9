/**
 * The port between a tape and the source files that are written from it. A member is pure: the same exchanges and options
 * give the same files, and who writes them, and over what, is decided elsewhere (write-plan.ts). What is on a tape came
 * from the network; a member writes it as data only (literal.ts).
 */
import type { ProtoFiles } from '../../tape/store/described';
import type { StoredExchange } from '../../tape/store/tape';
import type { ReadAgain } from '../cases/lean';
import type { SuiteSettings } from '../suite/description';

export interface GeneratedFile {
  /** Within the folder that is generated, with `/`. */
  readonly path: string;
  /** All of it; of what is laid aside, read when it is asked for. */
  readonly bytes: Uint8Array;
  /** True for what the user may change and keep: it is replaced only as long as nobody did. */
  readonly yours: boolean;
  /** Left out of what is held. */
  readonly aside?: Aside;
}

/** Bytes that lie elsewhere than in memory. */
export interface Aside {
  /** Each is there until the next one is asked for. */
  pieces(): Iterable<Uint8Array>;
  /** Of all of them; see `HashOfFile`. */
  readonly hash: string;
}

/** A file that is made piece by piece. */
export interface GrowingFile {
  /** Bytes, or text for them. */
  add(piece: Uint8Array | string): void;
  end(): GeneratedFile;
}

/** Begins a file of a path. Who asks for files says where what is made of them lies meanwhile. */
export type BeginFile = (path: string) => GrowingFile;

/** In memory. */
export const heldFile: BeginFile = (path) => {
  const pieces: Uint8Array[] = [];
  return {
    add: (piece) => void pieces.push(typeof piece === 'string' ? Buffer.from(piece) : piece),
    end: () => ({ path, bytes: Buffer.concat(pieces), yours: false }),
  };
};

/**
 * The exchanges files are made of, gone through more than once. `again` gives some of them by their ids: what is held of them is
 * then as little as can be.
 */
export interface Recorded extends Iterable<StoredExchange> {
  readonly again?: ReadAgain;
}

export interface Generator {
  /** The word after --to. */
  readonly name: string;
  /** What it writes, as help says it. */
  readonly purpose: string;
  readonly takes: GeneratorTakes;
  /** Why it cannot be used in that folder; null where it can. */
  refuses(folder: readonly string[]): FolderRefusal | null;
  files(exchanges: Recorded, options: GeneratorOptions): Generated;
  /** What a person types next. */
  next(out: string, settings: SuiteSettings): string;
}

export interface GeneratorTakes {
  /** Whose exchanges it makes something of; filters choose among the first of them. */
  readonly directions: readonly ('inbound' | 'outbound')[];
  /** Whether what it writes plays requests against a build, and so wants to know how to reach one. */
  readonly settings: boolean;
}

export interface FolderRefusal {
  readonly problem: string;
  readonly remedy: string;
}

export interface GeneratorOptions {
  /** Name of the tape, for saying where the files come from. */
  readonly tapeName: string;
  readonly settings: SuiteSettings;
  /** Text of the noise file; null where none was given. */
  readonly noise: string | null;
  /** Text of the file of accepted values; none where there is none. */
  readonly accepted?: string;
  /** Text of the file of added redaction rules; null where none was given. */
  readonly redact: string | null;
  /** What names the fields of messages of protobuf in the exchanges; nothing where none of them is known. */
  readonly protoFiles: ProtoFiles;
  /** For files that may be long; by default they are held. */
  readonly begin?: BeginFile;
}

export interface Generated {
  readonly files: readonly GeneratedFile[];
  /** What was made, the main thing first: without any of it there is nothing to write. */
  readonly counts: readonly Count[];
  readonly leftOut: readonly LeftOut[];
  /** The file that says what was left out. */
  readonly saidIn: string;
}

export interface Count {
  readonly count: number;
  /** One of it: `test`. */
  readonly of: string;
}

/** An exchange of which nothing was made. */
export interface LeftOut {
  readonly id: string;
  readonly name: string;
  readonly reason: string;
  readonly detail: string;
}

export function textFile(path: string, content: string): GeneratedFile {
  return { path, bytes: Buffer.from(content), yours: false };
}

export function yourFile(path: string, content: string): GeneratedFile {
  return { path, bytes: Buffer.from(content), yours: true };
}
