/**
 * What a TLS library is to the recorder: a recogniser, and the places of its probes: by the names of functions, or found
 * in its code. The kernel half of each is one file in bpf/hooks/; program names are the contract between the two.
 */
import type { TlsLibraryName } from '../../decode/wire';
import type { ElfImage } from '../elf/elf';

/** `base`: always attached. `memory-bio`: only where ciphertext passes through memory on its way to the socket. */
export type ProbeGroup = 'base' | 'memory-bio';

/**
 * `read`, `write`: one of the functions that read plaintext, or write it. Without one of each nothing is recorded. `either`: it does
 * one of the two, and a call tells which; such functions are found together or not at all.
 */
export type ProbeNeed = 'read' | 'write' | 'either' | 'optional';

interface Hook {
  readonly symbol: string;
  readonly program: string;
  readonly need: ProbeNeed;
  readonly group: ProbeGroup;
}
export interface EntryHook extends Hook {
  readonly at: 'entry';
}
export interface ReturnHook extends Hook {
  readonly at: 'return';
}
export type UprobeHook = EntryHook | ReturnHook;

/** An unexported function that may be watched in place of exported ones, once code has proved what it is. */
export interface InnerFunction {
  /** How reports name it. */
  readonly name: string;
  /** Hands its own arguments over to the inner function: gives its address and its signature. */
  readonly wrapper: string;
  /**
   * Exported functions that need no probe of their own once the inner one has its: those of them that exist must all
   * call it, directly or through one another, and at least two must exist.
   */
  readonly replaces: readonly string[];
  readonly programs: { readonly entry: string; readonly return: string | null };
  /** The arguments that have to be handed over as they came; without it all of the first five. */
  readonly keeps?: number;
}

export interface TlsFlavour {
  /** Which halves the file defines: a shared libssl, a shared libcrypto, or (Node.js, static builds) both. */
  readonly holds: 'tls' | 'crypto' | 'tls-and-crypto';
  /**
   * Where its functions are named: `all` where stripping the file would make them unfindable, `runtime` where the program
   * itself needs the names.
   */
  readonly symbols: 'exported' | 'all' | 'runtime';
  /** The library and its lineage, as reports say it: `OpenSSL`, `BoringSSL`. */
  readonly label: string;
}

/** Probes at functions that symbols name. */
export interface ProbesByName {
  readonly by: 'name';
  hooks(flavour: TlsFlavour): readonly UprobeHook[];
  innerFunctions(flavour: TlsFlavour): readonly InnerFunction[];
  /** Function -> functions it may be built on; where it is, only the latter is watched, or bytes would count twice. */
  readonly builtOn: ReadonlyMap<string, readonly string[]>;
}

/** One instruction before which a program is to run, a function whose entry and return are watched, or why there is none. */
export type FoundPlace =
  | {
      readonly kind: 'place';
      /** The function, for reports. */
      readonly symbol: string;
      readonly program: string;
      readonly need: ProbeNeed;
      readonly address: number;
      /** Where the file counts the probes that are in place; without it nowhere. */
      readonly counter?: number;
      readonly why: string;
    }
  | FoundFunction
  | { readonly kind: 'refused'; readonly symbol: string; readonly reason: string };

export interface FoundFunction {
  readonly kind: 'function';
  readonly symbol: string;
  readonly need: ProbeNeed;
  readonly address: number;
  readonly programs: { readonly entry: string; readonly return: string | null };
}

/** Probes at what code shows: in the midst of functions, or at functions without a name. */
export interface ProbesByCode {
  readonly by: 'code';
  places(image: ElfImage): readonly FoundPlace[];
}

export interface TlsLibrary {
  /** The word that reaches the tape (`tls.library`), and by which the kernel side's events tell whose they are. */
  readonly name: TlsLibraryName;
  /**
   * Functions of which a file that has the library defines at least one; undefined where it is told by something else.
   * Those of all libraries are looked for in one pass: the names of a file like Node.js take 10 ms to search, and a
   * process that has begun waits for its probes.
   */
  readonly markers?: readonly string[];
  /** Asked where one of `markers` is defined. */
  recognise(image: ElfImage): TlsFlavour | undefined;
  readonly probes: ProbesByName | ProbesByCode;
}
