/** The text formats of /proc (Linux, Documentation/filesystems/proc.rst), as data. Pure; garbage gives nothing. */

export interface Mapping {
  readonly start: string;
  readonly end: string;
  /** `fe:00`, hexadecimal. */
  readonly device: string;
  readonly inode: string;
  readonly path: string;
}

const MAPS_LINE = /^([0-9a-f]+)-([0-9a-f]+) ..x. [0-9a-f]+ ([0-9a-f]+:[0-9a-f]+) (\d+) +(\/.*)$/;

/** The files a process has mapped executable (/proc/PID/maps), each once. Devices are left out: opening one acts. */
export function executableMappings(maps: string): readonly Mapping[] {
  const found = new Map<string, Mapping>();
  for (const line of maps.split('\n')) {
    const [, start, end, device, inode, path] = MAPS_LINE.exec(line) ?? [];
    if (!start || !end || !device || !inode || !path || inode === '0' || isDevice(path)) continue;
    const key = `${device}:${inode}`;
    if (!found.has(key)) found.set(key, { start, end, device, inode, path: path.replaceAll('\\012', '\n') });
  }
  return [...found.values()];
}

function isDevice(path: string): boolean {
  return path.startsWith('/dev/') && !path.startsWith('/dev/shm/');
}

/** The name the kernel gives a mapping in /proc/PID/map_files: its addresses without leading zeros. */
export function mapFileName({ start, end }: Mapping): string {
  return `${trimZeros(start)}-${trimZeros(end)}`;
}

function trimZeros(hex: string): string {
  return hex.replace(/^0+(?=.)/, '');
}

export interface Stat {
  readonly name: string;
  readonly parentPid: number;
  /** Clock ticks after boot: tells apart two processes that had the same pid. */
  readonly startTicks: number;
  /** It has ended and waits to be collected. A process whose first thread has ended goes on while others run. */
  readonly isOver: boolean;
  readonly threads: number;
}

/** /proc/PID/stat. The name stands in parentheses and may hold any character, parentheses included. */
export function parseStat(text: string): Stat | undefined {
  const [open, close] = [text.indexOf('('), text.lastIndexOf(')')];
  if (open < 0 || close < open) return undefined;
  const fields = text.slice(close + 2).split(' ');
  const [parentPid, startTicks] = [Number(fields[1]), Number(fields[19])];
  if (!Number.isSafeInteger(parentPid) || !Number.isSafeInteger(startTicks)) return undefined;
  const threads = Number(fields[17]);
  const isOver = /^[ZX]/.test(fields[0] ?? '') && threads <= 1;
  return { name: text.slice(open + 1, close), parentPid, startTicks, isOver, threads };
}

/** `Key:\tvalue` lines, as in /proc/PID/status. */
export function parseStatus(text: string): ReadonlyMap<string, string> {
  const pairs = text.split('\n').map((line) => /^(\w+):\s*(.*)$/.exec(line));
  return new Map(pairs.flatMap((pair) => (pair === null ? [] : [[pair[1] ?? '', pair[2] ?? ''] as const])));
}

/** The distinct paths of /proc/PID/cgroup: one line in v2, one for each hierarchy in v1 and hybrid. */
export function parseCgroups(text: string): readonly string[] {
  const paths = text.split('\n').flatMap((line) => /^\d+:[^:]*:(\/.*)$/.exec(line)?.[1] ?? []);
  return [...new Set(paths)];
}

/** From /proc/PID/mountinfo (proc(5)): how the file system that holds this folder is mounted, and is made. Of mounts over one another the last. */
export function mountOptions(text: string, folder: string): readonly string[] {
  let found: { readonly point: string; readonly options: readonly string[] } | undefined;
  for (const line of text.split('\n')) {
    const [mounted = '', made = ''] = line.split(' - ');
    const [, , , , point = '', options = ''] = mounted.split(' ');
    const holds = point === '/' || folder === point || folder.startsWith(`${point}/`);
    if (point === '' || !holds || point.length < (found?.point.length ?? 0)) continue;
    found = { point, options: [...options.split(','), ...(made.split(' ')[2] ?? '').split(',')] };
  }
  return found?.options ?? [];
}

export interface SocketEntry {
  readonly inode: string;
  /** `address:port`, IPv6 in brackets; an IPv4 address mapped into IPv6 is written as IPv4. */
  readonly local: string;
  readonly remote: string;
  readonly localPort: number;
  readonly listening: boolean;
}

const TCP_LINE = /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]{2}) (?:\S+ +){5}(\d+) /;
const STATE_LISTEN = '0A';

/** /proc/PID/net/tcp and tcp6: the sockets of a network namespace. */
export function parseTcpTable(text: string): readonly SocketEntry[] {
  return text.split('\n').flatMap((line) => {
    const [, local, localPort, remote, remotePort, state, inode] = TCP_LINE.exec(line) ?? [];
    if (!local || !localPort || !remote || !remotePort || !inode) return [];
    const entry = { inode, local: endpoint(local, localPort), remote: endpoint(remote, remotePort) };
    return [{ ...entry, localPort: Number.parseInt(localPort, 16), listening: state === STATE_LISTEN }];
  });
}

function endpoint(address: string, port: string): string {
  return `${address.length === 8 ? ipv4(address) : ipv6(address)}:${Number.parseInt(port, 16)}`;
}

/** The kernel prints each 32-bit word of an address as a little-endian number. */
function addressBytes(hex: string): Buffer {
  const bytes = Buffer.from(hex, 'hex');
  return bytes.length % 4 === 0 ? bytes.swap32() : bytes;
}

function ipv4(hex: string): string {
  return [...addressBytes(hex)].join('.');
}

function ipv6(hex: string): string {
  const bytes = addressBytes(hex);
  if (bytes.subarray(0, 12).toString('hex') === '00000000000000000000ffff') return [...bytes.subarray(12)].join('.');
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16));
  return `[${compressed(groups)}]`;
}

/** RFC 5952: the longest run of two or more zero groups, the first of equals, becomes `::`. */
function compressed(groups: readonly string[]): string {
  const runs = [...groups.join(':').matchAll(/\b0(?::0)+\b/g)];
  const longest = runs.reduce<RegExpExecArray | undefined>(
    (best, run) => (best && best[0].length >= run[0].length ? best : run),
    undefined,
  );
  if (longest === undefined) return groups.join(':');
  const text = groups.join(':');
  const [before, after] = [text.slice(0, longest.index), text.slice(longest.index + longest[0].length)];
  return `${before.replace(/:$/, '')}::${after.replace(/^:/, '')}`;
}
