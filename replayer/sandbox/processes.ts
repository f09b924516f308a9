/**
 * Which process of a network namespace holds a socket: the kernel lists sockets with their inode, and processes name the
 * inodes they hold. Takes milliseconds: for what is reported, not for every call.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isIP } from 'node:net';

export interface SocketEnd {
  readonly transport: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

export interface Holder {
  readonly pid: number;
  readonly name: string;
}

/** `inside` is any process of the namespace; null where nobody holds the socket any more, or nobody may look. */
export function holderOf(end: SocketEnd, inside: number): Holder | null {
  const inode = inodeOf(end, inside);
  const namespace = linkOf(`/proc/${inside}/ns/net`);
  if (inode === null || namespace === null) return null;
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || linkOf(`/proc/${pid}/ns/net`) !== namespace) continue;
    if (!holds(pid, `socket:[${inode}]`)) continue;
    return { pid: Number(pid), name: nameOf(pid) };
  }
  return null;
}

/** As it was started: what the kernel calls it is the name of its first thread, `MainThread` of every Node.js. */
function nameOf(pid: string): string {
  const [started = ''] = textOf(`/proc/${pid}/cmdline`).split('\0');
  return started.split('/').at(-1) || textOf(`/proc/${pid}/comm`).trim();
}

function inodeOf({ transport, address, port }: SocketEnd, inside: number): string | null {
  const ends = new Set(endsOf(address, port));
  for (const table of [transport, `${transport}6`]) {
    for (const line of textOf(`/proc/${inside}/net/${table}`).split('\n')) {
      const columns = line.trim().split(/\s+/);
      if (ends.has(columns[1] ?? '') && columns[9] !== '0') return columns[9] ?? null;
    }
  }
  return null;
}

/** As the kernel prints it: words of 32 bits in the order of the machine. UDP sockets often have no address of their own. */
function endsOf(address: string, port: number): readonly string[] {
  const at = port.toString(16).toUpperCase().padStart(4, '0');
  const v4 = isIP(address) === 4 ? littleEndian(Buffer.from(address.split('.').map(Number))) : null;
  const addresses = v4 === null ? [v6Hex(address)] : [v4, `0000000000000000FFFF0000${v4}`];
  return [...addresses, '0'.repeat(8), '0'.repeat(32)].map((each) => `${each}:${at}`);
}

function littleEndian(bytes: Buffer): string {
  return Buffer.from(bytes).swap32().toString('hex').toUpperCase();
}

function v6Hex(address: string): string {
  const groups = new URL(`http://[${address.replace(/%.*$/, '')}]/`).hostname.slice(1, -1).split('::');
  const words = (text = ''): string[] => (text === '' ? [] : text.split(':').map((word) => word.padStart(4, '0')));
  const [head, tail] = [words(groups[0]), words(groups[1])];
  const middle = Array<string>(8 - head.length - tail.length).fill('0000');
  return littleEndian(Buffer.from([...head, ...middle, ...tail].join(''), 'hex'));
}

function holds(pid: string, socket: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === socket);
  } catch {
    return false; // ended, or not ours to look into
  }
}

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
