/**
 * What a TLS library is to the recorder: a recogniser and a table of hooks. The kernel half of each table is one file
 * in bpf/hooks/; program names are the contract between the two.
 */
import type { ElfImage } from '../elf/elf';

/** `base`: always attached. `memory-bio`: only where ciphertext passes through memory on its way to the socket. */
export type ProbeGroup = 'base' | 'memory-bio';

/** `read`, `write`: one of the functions that read plaintext, or write it. Without one of each nothing is recorded. */
export type ProbeNeed = 'read' | 'write' | 'optional';

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
}

export interface TlsFlavour {
  /** Which halves the file defines: a shared libssl, a shared libcrypto, or (Node.js, static builds) both. */
  readonly holds: 'tls' | 'crypto' | 'tls-and-crypto';
  /** Where its functions are named: `all` where stripping the file would make them unfindable. */
  readonly symbols: 'exported' | 'all';
  /** The library and its lineage, as reports say it: `OpenSSL`, `BoringSSL`. */
  readonly label: string;
}

export interface TlsLibrary {
  /** The word that reaches the tape (`tls.library`). */
  readonly name: string;
  recognise(image: ElfImage): TlsFlavour | undefined;
  hooks(flavour: TlsFlavour): readonly UprobeHook[];
  innerFunctions(flavour: TlsFlavour): readonly InnerFunction[];
  /** Function -> functions it may be built on; where it is, only the latter is watched, or bytes would count twice. */
  readonly builtOn: ReadonlyMap<string, readonly string[]>;
}
