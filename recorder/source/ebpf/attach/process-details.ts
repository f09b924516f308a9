/**
 * What a person would ask of a process that speaks: its program, its command line, its user. Read when it first speaks, as a
 * process may change its user after it began; whatever vanishes meanwhile is not there.
 */
import type { UserInfo } from '../../../../tape/model/exchange';
import type { ProcessDetails } from '../bind/processes';
import type { ProcReader } from './proc/proc-reader';
import { parseStatus } from './proc/proc-text';

/** Characters kept of a command line: class paths of Java have many thousands. */
const commandMost = 4096;
/** Command lines remembered: processes that one forks have the same. */
const rememberedMost = 256;

export class DetailsReader {
  /** By whose root it is: the recorder's, or that of the machine. */
  private readonly users = new Map<string, ReadonlyMap<number, string>>();
  private readonly commands = new Map<string, string>();

  constructor(
    private readonly proc: ProcReader,
    /** Takes the secrets out of the words of a command line. */
    private readonly redactCommand: (words: readonly string[]) => readonly string[],
  ) {}

  of(pid: number): ProcessDetails {
    const executable = this.proc.link(`${pid}/exe`)?.replace(/ \(deleted\)$/, '');
    const command = this.commandOf(pid);
    const user = this.userOf(pid);
    return {
      ...(executable === undefined ? {} : { executable }),
      ...(command === null ? {} : { command }),
      ...(user === null ? {} : { user }),
    };
  }

  private commandOf(pid: number): string | null {
    const text = this.proc.read(`${pid}/cmdline`)?.replace(/\0+$/, '') ?? '';
    if (text === '') return null;
    const known = this.commands.get(text);
    if (known !== undefined) return known;
    const command = cut(this.redactCommand(text.split('\0')).join(' '));
    if (this.commands.size >= rememberedMost) this.commands.clear();
    this.commands.set(text, command);
    return command;
  }

  private userOf(pid: number): UserInfo | null {
    const [, effective] =
      parseStatus(this.proc.read(`${pid}/status`) ?? '')
        .get('Uid')
        ?.split(/\s+/) ?? [];
    if (effective === undefined || !/^\d+$/.test(effective)) return null;
    const id = Number(effective);
    return { id, name: this.usersOf(pid)?.get(id) ?? null };
  }

  /** Those of a root that is known to belong to whoever numbers the users: in one of its own a process has others. */
  private usersOf(pid: number): ReadonlyMap<number, string> | undefined {
    const own = this.proc.inode(usersFile(pid));
    if (own === undefined) return undefined;
    const root = ['self', '1'].find((known) => this.proc.inode(usersFile(known)) === own);
    return root === undefined ? undefined : this.usersIn(root);
  }

  private usersIn(root: string): ReadonlyMap<number, string> {
    const users = this.users.get(root) ?? usersIn(this.proc.read(usersFile(root)) ?? '');
    this.users.set(root, users);
    return users;
  }
}

function usersFile(process: number | string): string {
  return `${process}/root/etc/passwd`;
}

/** passwd(5); of several names for one id the first counts, as it does for everybody. */
function usersIn(text: string): ReadonlyMap<number, string> {
  const users = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [, name, id] = /^([^:]+):[^:]*:(\d+):/.exec(line) ?? [];
    if (name !== undefined && id !== undefined && !users.has(Number(id))) users.set(Number(id), name);
  }
  return users;
}

function cut(command: string): string {
  return command.length <= commandMost ? command : `${command.slice(0, commandMost)}…`;
}
