/** The option that names sets of protobuf descriptors, and what is in them. */
import { readFileSync } from 'node:fs';
import type { Options } from 'yargs';
import { WiretapeError } from '../errors/wiretape-error';
import { filesInSet } from '../tape/body/protobuf/schemas';
import type { ProtoFiles } from '../tape/store/described';

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
