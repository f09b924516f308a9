/** A /proc of a test's own, in a temporary folder: files, and links that lead nowhere, as the real ones look. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface FakeProcess {
  readonly pid: number;
  readonly name?: string;
  readonly parentPid?: number;
  readonly startTicks?: number;
  /** `S` where it runs, `Z` where it, or only its first thread, has ended. */
  readonly state?: string;
  readonly threads?: number;
  /** Absent: a kernel thread, unless it has memory. */
  readonly exe?: string;
  readonly hasMemory?: boolean;
  readonly cmdline?: readonly string[];
  readonly cgroup?: string;
  /** Null: it may not be read. */
  readonly maps?: string | null;
  readonly netns?: string;
  /** Inodes of the sockets it holds. */
  readonly sockets?: readonly number[];
  /** /proc/PID/net/tcp, tcp6: rows after the heading. */
  readonly tcp?: readonly string[];
  readonly tcp6?: readonly string[];
  /** IPv4 addresses of its network namespace (/proc/PID/net/fib_trie). */
  readonly addresses?: readonly string[];
  readonly seccompMode?: number;
  readonly namespacePids?: string;
}

export interface ProcTree {
  readonly root: string;
  add(process: FakeProcess): void;
  remove(path: string): void;
  dispose(): void;
}

export function createProcTree(processes: readonly FakeProcess[] = []): ProcTree {
  const root = mkdtempSync(join(tmpdir(), 'wiretape-proc-'));
  const tree: ProcTree = {
    root,
    add: (process) => addProcess(root, process),
    remove: (path) => rmSync(join(root, path), { recursive: true }),
    dispose: () => rmSync(root, { recursive: true }),
  };
  writeFileSync(join(root, 'uptime'), '1.0 2.0\n');
  processes.forEach(tree.add);
  return tree;
}

/** A row of /proc/net/tcp. Addresses as the kernel prints them. */
export function tcpRow(local: string, remote: string, { inode, state }: { inode: number; state: string }): string {
  return `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0000000000000000 100 0 0 10 0`;
}

export const LISTEN = '0A';
export const ESTABLISHED = '01';

export function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

function addProcess(root: string, process: FakeProcess): void {
  const name = process.name ?? 'server';
  const file = (path: string, content: string) => {
    mkdirSync(dirname(join(root, String(process.pid), path)), { recursive: true });
    writeFileSync(join(root, String(process.pid), path), content);
  };
  const link = (path: string, target: string) => {
    mkdirSync(dirname(join(root, String(process.pid), path)), { recursive: true });
    symlinkSync(target, join(root, String(process.pid), path));
  };
  file(
    'stat',
    `${process.pid} (${name}) ${process.state ?? 'S'} ${process.parentPid ?? 1} ${'0 '.repeat(15)}${process.threads ?? 1} 0 ${process.startTicks ?? 100} 0 0\n`,
  );
  file('status', statusOf(process, name));
  file('cgroup', process.cgroup ?? '0::/\n');
  file('cmdline', `${(process.cmdline ?? []).join('\0')}\0`);
  if (process.maps !== null) file('maps', process.maps ?? '');
  if (process.exe !== undefined) link('exe', process.exe);
  link('ns/net', process.netns ?? 'net:[4026531840]');
  for (const [fd, inode] of (process.sockets ?? []).entries()) link(`fd/${fd + 3}`, `socket:[${inode}]`);
  link('fd/0', '/dev/null');
  if (process.tcp !== undefined) file('net/tcp', `  sl  local_address …\n${process.tcp.join('\n')}\n`);
  if (process.addresses !== undefined) file('net/fib_trie', fibTrie(process.addresses));
  if (process.tcp6 !== undefined) file('net/tcp6', `  sl  local_address …\n${process.tcp6.join('\n')}\n`);
}

/** As the kernel draws it: the prefix, and each address with what it is. */
function fibTrie(addresses: readonly string[]): string {
  const leaves = addresses.map((address) => `           |-- ${address}\n              /32 host LOCAL\n`);
  return `Main:\n  +-- 0.0.0.0/0 2 0 2\n${leaves.join('')}           |-- 192.0.2.255\n              /32 link BROADCAST\n`;
}

function statusOf(process: FakeProcess, name: string): string {
  const memory = process.exe === undefined && process.hasMemory !== true ? [] : ['VmSize:\t  1000 kB'];
  const lines = [
    `Name:\t${name}`,
    ...memory,
    `NSpid:\t${process.namespacePids ?? process.pid}`,
    `Seccomp:\t${process.seccompMode ?? 0}`,
  ];
  return `${lines.join('\n')}\n`;
}
