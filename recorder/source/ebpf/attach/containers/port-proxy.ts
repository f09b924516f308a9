/**
 * Programs that hold a published port open for a container: what they are called, and where what reaches them goes.
 * Their own bytes are copies, in the best case: who asks for such a port means the service behind it.
 */
import type { ProcReader } from '../proc/proc-reader';
import { commandLine, optionOf } from './monitor';

/** Where a proxy leads, by the one sign that its kind gives. */
export type ProxyTarget =
  | { readonly kind: 'container'; readonly id: string }
  | { readonly kind: 'address'; readonly address: string; readonly port: number }
  | { readonly kind: 'network'; readonly netns: string };

/** Podman's; Docker's; those of rootless Podman and Docker. */
const proxies = new Set(['conmon', 'docker-proxy', 'rootlessport', 'rootlesskit', 'slirp4netns', 'pasta', 'passt']);

/** By its executable's name too: `pasta.avx2` is the one that runs where the processor has AVX2. */
export function isPortProxy({ names }: { readonly names: readonly string[] }): boolean {
  return names.some((name) => proxies.has(name.replace(/\.avx2$/, '')));
}

/** Podman listens itself, and hands the socket to conmon. */
export function listensForContainer(process: { readonly names: readonly string[] }): boolean {
  return isPortProxy(process) || process.names.includes('podman');
}

export function proxyTarget(proc: ProcReader, pid: number): ProxyTarget | undefined {
  const words = commandLine(proc, pid);
  const id = optionOf(words, '-c', '--cid');
  if (id !== null && /^[0-9a-f]{64}$/.test(id)) return { kind: 'container', id };
  const address = optionOf(words, '-container-ip');
  if (address !== null) return { kind: 'address', address, port: Number(optionOf(words, '-container-port')) };
  const netns = words.map((word) => namespaceNamed(proc, pid, word)).find(Boolean) ?? proc.link(`${pid}/ns/net`);
  return netns === undefined ? undefined : { kind: 'network', netns };
}

/** `slirp4netns … /run/user/1000/netns/netns-ID tap0`, `slirp4netns … 4711 tap0`, `pasta … --netns PATH`. */
function namespaceNamed(proc: ProcReader, pid: number, word: string): string | undefined {
  if (/^[1-9]\d*$/.test(word)) return proc.link(`${word}/ns/net`);
  const path = word.replace(/^--netns=/, '');
  if (!/^\/.*\/netns\/[^/]+$/.test(path)) return undefined;
  const inode = proc.inode(`${pid}/root${path}`);
  return inode === undefined ? undefined : `net:[${inode}]`;
}

/** Whether an IPv4 address is one of the process's own network namespace (/proc/PID/net/fib_trie). */
export function hasAddress(proc: ProcReader, pid: number, address: string): boolean {
  const lines = (proc.read(`${pid}/net/fib_trie`) ?? '').split('\n');
  return lines.some((line, i) => line.endsWith(`|-- ${address}`) && lines[i + 1]?.includes('/32 host LOCAL') === true);
}
