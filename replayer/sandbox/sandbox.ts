/** Where a command runs so that it reaches mocks only: the port between whoever starts it and the two ways there are. */
import type { Spawner } from '../launch/command';
import type { Unrecorded } from './unrecorded';

/** `netns`: a network of its own, where every address is local. `env`: variables, which a program may pass over. */
export const sandboxKinds = ['netns', 'env'] as const;
export type SandboxKind = (typeof sandboxKinds)[number];

export interface Sandbox {
  readonly kind: SandboxKind;
  /** What a person must know before the run: what is not held back. */
  readonly remarks: readonly string[];
  /** The proxy that clients are to be told of; null where none is needed. */
  readonly proxyUrl: string | null;
  /** Upstream name to where the command is to call it. */
  readonly urls: ReadonlyMap<string, string>;
  readonly spawn: Spawner;
  /** False as long as the command cannot be reached; where it listens inside is then opened outside. */
  isUp(): Promise<boolean>;
  seen(): SandboxSeen;
  /** After the command has ended. */
  close(): void;
}

export interface SandboxSeen {
  readonly kind: SandboxKind;
  readonly unrecorded: readonly Unrecorded[];
  /** What `--allow` named, and how many connections it took; null where that cannot be known. */
  readonly letThrough: readonly { readonly address: string; readonly connections: number | null }[];
}
