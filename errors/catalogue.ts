/**
 * Every error wiretape can end with: its code, the exit status it gives the process, and what it means.
 * `docs/errors.md` lists the same codes; a test holds the two together. Codes are never reused.
 */
export type ExitStatus = 1 | 2 | 3 | 130;

interface CatalogueEntry {
  readonly exit: ExitStatus;
  readonly means: string;
}

export const catalogue = {
  // 2: wrong usage or configuration
  USAGE: { exit: 2, means: 'unknown option, missing argument or an impossible combination' },
  BAD_CONFIG: { exit: 2, means: 'the configuration file or an environment variable cannot be used' },
  CONFIG_UNTRUSTED: { exit: 2, means: 'somebody else could have written the configuration, a rule file or the key' },
  BAD_RULE: { exit: 2, means: 'a noise or redaction rule cannot be understood' },
  BAD_ACCEPTED: { exit: 2, means: 'an entry of a file of accepted values cannot be understood' },
  BAD_FILTER: { exit: 2, means: 'an --include or --exclude pattern cannot be understood' },
  BAD_PROTO_SET: { exit: 2, means: 'a file given as a set of protobuf descriptors is none, or lacks what it imports' },
  // 3: the environment said no
  TAPE_MISSING: { exit: 3, means: 'there is no file at the path given for the tape' },
  TAPE_FOREIGN: { exit: 3, means: 'the file is not a wiretape tape' },
  TAPE_NEWER: { exit: 3, means: 'the tape was written by a newer wiretape' },
  TAPE_UNREADABLE: { exit: 3, means: 'the tape exists and cannot be opened or read' },
  TAPE_DAMAGED: { exit: 3, means: 'the tape is damaged' },
  TAPE_FULL: { exit: 3, means: 'the disk is full, or the tape cannot be written' },
  TAPE_BUSY: { exit: 3, means: 'another process is writing the tape' },
  TAPE_UNSAFE: { exit: 3, means: 'the file to record to belongs to somebody else, or others may read it' },
  TAPE_GONE: { exit: 3, means: 'the tape was deleted or replaced while it was recorded' },
  TAPE_NOT_FOLLOWED: { exit: 3, means: 'it cannot be told what is new on the tape' },
  CURSOR_FOREIGN: { exit: 3, means: 'the cursor belongs to another tape, or is none' },
  NOT_ON_TAPE: { exit: 3, means: 'the tape holds no exchange or session of that id' },
  REPORT_FOREIGN: { exit: 3, means: 'the file is no report of a replay of this tape' },
  FILE_UNREADABLE: { exit: 3, means: 'a file named on the command line cannot be read or written' },
  IMPORT_UNREADABLE: { exit: 3, means: 'a file to import is not what its format asks for' },
  NOTHING_IMPORTED: { exit: 3, means: 'the file and the filters leave nothing to import' },
  NO_CASES: { exit: 3, means: 'the tape and the filters leave nothing to run' },
  TARGET_UNREACHABLE: { exit: 3, means: 'every case ended in a connection failure' },
  TARGET_NOT_READY: { exit: 3, means: 'the command under test did not answer in time' },
  COMMAND_FAILED: { exit: 3, means: 'the command could not be started, or ended before it was ready' },
  SANDBOX_REFUSED: { exit: 3, means: 'the command cannot be given a network of its own on this machine' },
  CLOCK_REFUSED: { exit: 3, means: 'the command cannot be started at the recorded time on this machine' },
  PORT_IN_USE: { exit: 3, means: 'a port that was asked for is taken' },
  BPF_NOT_PERMITTED: { exit: 3, means: 'the kernel refused to load or attach BPF programs to this user' },
  BPF_SECCOMP: { exit: 3, means: 'a seccomp profile forbids BPF to a user who has the rights for it' },
  BPF_LOCKDOWN: { exit: 3, means: 'kernel lockdown forbids reading memory with BPF' },
  BPF_NO_BTF: { exit: 3, means: 'the kernel carries no BTF' },
  BPF_UNSUPPORTED: { exit: 3, means: 'no capture tier loads and attaches on this kernel' },
  ADDON_MISSING: { exit: 3, means: 'the native addon or the BPF object is missing or was built for another platform' },
  PID_NAMESPACE: { exit: 3, means: 'the recorder does not share the pid namespace of the host' },
  TARGET_CLOSED: { exit: 3, means: 'a target may not be looked into, so that none of its TLS could be read' },
  NOTHING_RECORDED: { exit: 3, means: 'the recording ended without anything that could be read' },
  NO_SUCH_PROCESS: { exit: 3, means: 'no process fits the targets' },
  CONTAINER_AMBIGUOUS: { exit: 3, means: 'the name or the beginning of an id fits several containers' },
  PUBLISHED_PORT: {
    exit: 3,
    means: 'the port is a published one: who listens on it only passes bytes on to a container',
  },
  // 1: the run itself failed in a way no other code names
  INTERNAL: { exit: 1, means: 'a fault of wiretape itself' },
  INTERRUPTED: { exit: 130, means: 'interrupted before it finished' },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;
