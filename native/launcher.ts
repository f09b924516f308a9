/**
 * The launcher: where it lies, how it is told what to make, and what it says over its channel. Twin of native/launcher; the
 * only file of `native/` that the replayer imports.
 */
import { builtFile } from './built-file';

export interface LauncherPlan {
  /** Files of ours in the place of others. */
  readonly binds: readonly { readonly from: string; readonly over: string }[];
  /** Paths at which nothing is to be found: sockets of others. */
  readonly hidden: readonly string[];
  /** Ports whose loopback addresses lead to us, unless the command itself listens there. */
  readonly loopbackPorts: readonly number[];
  /** How far the clock of the command is from the real one; null where it has that. */
  readonly shiftS: number | null;
}

export const nothingMade: LauncherPlan = { binds: [], hidden: [], loopbackPorts: [], shiftS: null };

/** What it says: texts of JSON, one a line. `errno` is the system's number. */
export type LauncherMessage =
  | { readonly kind: 'listener'; readonly family: 4 | 6 }
  /** Its number as seen from here. */
  | { readonly kind: 'ready'; readonly pid: number; readonly ownUsers: boolean }
  | { readonly kind: 'failed'; readonly step: string; readonly errno: number }
  /** A mount of the plan that could not be made: binds come first, then what is hidden; -1 is /proc. */
  | { readonly kind: 'unmounted'; readonly index: number; readonly errno: number }
  | { readonly kind: 'started' }
  | { readonly kind: 'unstarted'; readonly errno: number }
  /** Of the command; one of the two is none: -1, or 0. */
  | { readonly kind: 'exited'; readonly code: number; readonly signal: number }
  | { readonly kind: 'dialled'; readonly id: number }
  | { readonly kind: 'undialled'; readonly id: number; readonly errno: number }
  | UnmovedProgram
  | Datagram
  | SentDatagram;

/** A program that sees the real time, and what went wrong as it started. */
export interface UnmovedProgram {
  readonly kind: 'unmoved';
  readonly program: string;
  readonly pid: number;
  readonly step: string;
  readonly errno: number;
}

/** UDP to port 53 of any address. */
export interface Datagram {
  readonly kind: 'datagram';
  readonly family: 4 | 6;
  readonly from: string;
  readonly port: number;
  /** The address that was asked. */
  readonly to: string;
  /** Hexadecimal. */
  readonly bytes: string;
}

/** UDP to an address that is not the command's own, which nobody takes; the first thousand of them. */
export interface SentDatagram {
  readonly kind: 'sent';
  readonly from: string;
  readonly fromPort: number;
  readonly to: string;
  readonly port: number;
}

export function launcherPath(): string {
  return builtFile('wiretape-launcher');
}

/** Its command line; no command makes everything and runs nothing but a trial of the clock. `here`: without namespaces. */
export function launcherArguments(
  plan: LauncherPlan,
  { command, here }: { readonly command: readonly string[] | null; readonly here: boolean },
): string[] {
  return [
    ...(command === null ? ['--try'] : []),
    ...(here ? ['--here'] : []),
    ...(plan.shiftS === null ? [] : ['--clock', String(plan.shiftS)]),
    ...plan.binds.flatMap(({ from, over }) => ['--bind', from, over]),
    ...plan.hidden.flatMap((path) => ['--hide', path]),
    ...plan.loopbackPorts.flatMap((port) => ['--loopback', String(port)]),
    '--',
    ...(command ?? []),
  ];
}

/** What may be said to it, as texts. */
export const toLauncher = {
  start: (): string => 'start',
  dial: (id: number, address: string, port: number): string => `dial ${id} ${address} ${port}`,
  answer: ({ from, port, to }: Datagram, bytes: Uint8Array): string =>
    `answer ${to} ${from} ${port} ${Buffer.from(bytes).toString('hex')}`,
};
