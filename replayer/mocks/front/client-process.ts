/** Which process of this machine holds the other end of a connection: /proc says so of those in our network namespace that we may look at. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import type { Client } from './arrival';

export interface ClientProcess {
  readonly pid: number;
  /** As the kernel has it, at most 15 characters, or as it was started. */
  readonly name: string;
}

/** Null where nobody is found: on another machine, in another namespace, of another user, or gone. Never rejects. */
export async function processOf(client: Client): Promise<ClientProcess | null> {
  if (client.holder !== undefined) return client.holder();
  const inode = await inodeOf(client);
  if (inode === null) return null;
  const pids = (await listed('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  // What was started last is the likeliest.
  for (const pid of pids.sort((a, b) => b - a)) {
    if (pid !== process.pid && (await holds(pid, `socket:[${inode}]`))) return { pid, name: await nameOf(pid) };
  }
  return null;
}

/** proc_pid_net(5): addresses are hexadecimal words of the machine's order, ports hexadecimal numbers. */
async function inodeOf({ port, ourPort }: Client): Promise<string | null> {
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const lines = (await text(table)).split('\n').slice(1);
    for (const line of lines) {
      const [, local = '', remote = '', , , , , , , inode = '0'] = line.trim().split(/\s+/);
      if (portOf(local) === port && portOf(remote) === ourPort && inode !== '0') return inode;
    }
  }
  return null;
}

function portOf(address: string): number {
  return Number.parseInt(address.slice(address.lastIndexOf(':') + 1), 16);
}

async function holds(pid: number, socket: string): Promise<boolean> {
  const descriptors = await listed(`/proc/${pid}/fd`);
  const links = await Promise.all(descriptors.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
  return links.includes(socket);
}

async function nameOf(pid: number): Promise<string> {
  return (await text(`/proc/${pid}/comm`)).trim();
}

async function listed(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []); // gone, or not ours to read
}

async function text(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
