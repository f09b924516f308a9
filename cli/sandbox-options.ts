/** The options of where a build runs, and what is said of it: what it reached for, what was let through. */
import type { Options } from 'yargs';
import { type ClockKind, clockKinds } from '../replayer/launch/clock';
import { type Allowance, readAllowance } from '../replayer/sandbox/allow';
import { type SandboxKind, type SandboxSeen, sandboxKinds } from '../replayer/sandbox/sandbox';
import { formatUnrecorded } from '../replayer/sandbox/unrecorded';
import { count, visibleLine } from './terminal';

export const sandboxOptions = {
  sandbox: {
    choices: sandboxKinds,
    describe: 'a network of its own for COMMAND, or variables that lead it to the mocks; default: what works here',
  },
  clock: {
    choices: clockKinds,
    default: 'real' as const,
    describe: 'the time COMMAND believes in: as it is, or beginning when the first case was recorded',
  },
  allow: {
    type: 'string',
    array: true,
    describe: "a real address COMMAND may reach: '127.0.0.1:5432', or the path of a unix socket; repeatable",
  },
} as const satisfies Record<string, Options>;

export const callsMeaning =
  'how the calls of COMMAND are judged: each made or not; also how often and in which order; not at all';

export interface SandboxArguments {
  readonly sandbox?: SandboxKind;
  readonly clock: ClockKind;
  readonly allow?: readonly string[];
}

/** Throws USAGE. */
export function sandboxFrom({ sandbox, allow }: SandboxArguments): { kind: SandboxKind | null; allow: Allowance } {
  return { kind: sandbox ?? null, allow: readAllowance(allow ?? []) };
}

const listed = 20;

export function sandboxLines({ unrecorded, letThrough }: SandboxSeen): string[] {
  const more = unrecorded.length - listed;
  return [
    ...unrecorded.slice(0, listed).map((each) => visibleLine(formatUnrecorded(each))),
    ...(more > 0 ? [`… and ${more} more`] : []),
    ...letThrough.map(({ address, connections }) => {
      const times = connections === null ? '' : `, ${count(connections, 'connection')}`;
      return visibleLine(`let through ${address}${times}: what it answers is not of the recording`);
    }),
  ];
}
