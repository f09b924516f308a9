/** The option that names sets of protobuf descriptors, and what is in them. */
import { readFileSync } from 'node:fs';
import type { Options } from 'yargs';
import { WiretapeError } from '../errors/wiretape-error';
import { filesInSet } from '../tape/body/protobuf/schemas';
import type { ProtoFiles } from '../tape/store/described';
import type { Session } from '../tape/store/tape';
import { visibleLine } from './terminal';

export const protoOptions = {
  'proto-set': {
    type: 'string',
    array: true,
    nargs: 1,
    describe:
      'a set of protobuf descriptors (protoc --descriptor_set_out --include_imports, buf build -o); may be repeated',
  },
} as const satisfies Record<string, Options>;

export interface ProtoArguments {
  readonly protoSet?: readonly string[];
}

/** The files of all sets. Throws FILE_UNREADABLE and BAD_PROTO_SET. */
export function protoFilesFrom({ protoSet = [] }: ProtoArguments): ProtoFiles {
  return new Map(protoSet.flatMap((file) => [...filesInSet(readSet(file), file)]));
}

/** What sessions and the command line have, in one set: what is given goes first, then what a later session has. */
export function mergedFiles(sessions: readonly Pick<Session, 'protoFiles'>[], given: ProtoFiles): ProtoFiles {
  return new Map([...sessions.flatMap(({ protoFiles = none }) => [...protoFiles]), ...given]);
}

/** Which file counts where sessions have several of one name, a line for each. */
export function differingLines(
  sessions: readonly Pick<Session, 'id' | 'protoFiles'>[],
  given: ProtoFiles,
): readonly string[] {
  const taken = mergedFiles(sessions, given);
  return [...taken].flatMap(([name, bytes]) => {
    const owners = sessions.filter(({ protoFiles = none }) => protoFiles.has(name));
    const others = owners.filter(({ protoFiles = none }) => Buffer.compare(protoFiles.get(name) ?? bytes, bytes) !== 0);
    if (others.length === 0) return [];
    const whose = given.has(name) ? 'the one of --proto-set' : `that of session ${owners.at(-1)?.id}`;
    return [
      `${visibleLine(name)} is another one in session ${others.map(({ id }) => id).join(', ')}; ${whose} names the fields`,
    ];
  });
}

const none: ProtoFiles = new Map();

function readSet(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new WiretapeError('FILE_UNREADABLE', `Cannot read the protobuf descriptors ${file}`, {
      cause,
      seen: [cause instanceof Error ? cause.message : String(cause)],
      remedy: 'Give the path of a readable file after --proto-set',
    });
  }
}
