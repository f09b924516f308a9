/**
 * Who could have put a file where it lies. Configuration decides what is recorded and what is redacted, and a .js one is
 * code; a tape and a key hold what is for their owner alone. So both are refused where somebody else could have written
 * them. Looks at owners and modes only; what the file says is not its business.
 */
import { lstatSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { WiretapeError } from '../../errors/wiretape-error';

/** True where files of this user are as good as our own: ourselves, and under sudo the one who called it. */
export function isOurs(uid: number): boolean {
  return uid === process.geteuid?.() || uid === sudoCaller()?.uid;
}

/** Who called sudo; undefined where root runs for itself, and where we are not root. */
export function sudoCaller(): { readonly uid: number; readonly gid: number } | undefined {
  const { SUDO_UID = '', SUDO_GID = '' } = process.env;
  if (process.geteuid?.() !== 0 || !/^\d+$/.test(SUDO_UID) || !/^\d+$/.test(SUDO_GID)) return undefined;
  return { uid: Number(SUDO_UID), gid: Number(SUDO_GID) };
}

/** Refuses a file that somebody else could have written; `what` names it in a sentence. Throws CONFIG_UNTRUSTED. */
export function requireTrusted(file: string, what: string): void {
  const reason = reasonToDistrust(file);
  if (reason === null) return;
  throw new WiretapeError('CONFIG_UNTRUSTED', `Will not use ${what} ${file}: somebody else could have written it`, {
    seen: [reason],
    remedy: [
      'Make file and folder yours, and let nobody else write them:  chown, chmod go-w',
      'or run wiretape in a folder of your own',
    ],
  });
}

/** Why a file of configuration may not be believed; null where nobody but root and us could have written it. */
export function reasonToDistrust(file: string): string | null {
  const real = realpathSync(file);
  return (
    distrustOf(dirname(file)) ??
    (real === file ? null : distrustOf(dirname(real))) ??
    (statSync(real).isFile() ? null : `${file} is no ordinary file`) ??
    distrustOf(real)
  );
}

/** Why what is for its owner alone may not stand in this file or be taken from it; null where all is well. */
export function reasonNotPrivate(path: string, stats: Stats = lstatSync(path)): string | null {
  if (stats.isSymbolicLink()) return `${path} is a symbolic link`;
  if (!isOurs(stats.uid)) return `${path} belongs to ${userName(stats.uid)}`;
  const others = stats.mode & 0o077;
  return others === 0 ? null : `others may ${(others & 0o044) === 0 ? 'write' : 'read'} ${path} (mode ${octal(stats)})`;
}

/** A sticky folder is no help: a name that is free may be taken by anybody. */
function distrustOf(path: string): string | null {
  const stats = statSync(path);
  if (stats.uid !== 0 && !isOurs(stats.uid)) return `${path} belongs to ${userName(stats.uid)}`;
  if ((stats.mode & 0o002) !== 0) return `everybody may write ${path} (mode ${octal(stats)})`;
  if ((stats.mode & 0o020) === 0 || isPrivateGroup(stats, accounts())) return null;
  return `the group ${stats.gid} may write ${path} (mode ${octal(stats)})`;
}

export interface Accounts {
  /** The text of /etc/passwd and /etc/group. */
  readonly passwd: string;
  readonly group: string;
}

/**
 * Many distributions give each user a group of their own and files that the group may write (umask 002): that is nobody
 * else as long as the owner is its only member. Groups that are not in the files count as shared.
 */
export function isPrivateGroup({ uid, gid }: { uid: number; gid: number }, { passwd, group }: Accounts): boolean {
  const users = rows(passwd).map(([name, , id, primary]) => ({ name, uid: Number(id), gid: Number(primary) }));
  const found = rows(group).find(([, , id]) => id === String(gid));
  if (found === undefined) return false;
  const named = (found[3] ?? '').split(',').filter((name) => name !== '');
  const members = users.filter((user) => user.gid === gid || named.includes(user.name ?? ''));
  return members.length > 0 && members.every((user) => user.uid === uid) && named.every((name) => isKnown(name, users));
}

function isKnown(name: string, users: readonly { name: string | undefined }[]): boolean {
  return users.some((user) => user.name === name);
}

function rows(text: string): readonly string[][] {
  return text.split('\n').map((line) => line.split(':'));
}

function accounts(): Accounts {
  return { passwd: textOf('/etc/passwd'), group: textOf('/etc/group') };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // without accounts no group is private
  }
}

function userName(uid: number): string {
  const row = rows(textOf('/etc/passwd')).find(([, , id]) => id === String(uid));
  return row?.[0] === undefined ? `user ${uid}` : `${row[0]} (user ${uid})`;
}

function octal({ mode }: Stats): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
