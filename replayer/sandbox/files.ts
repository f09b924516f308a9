/** The files by which programs find names, as the command is to see them. Pure: texts in, texts out. */
import { isIP } from 'node:net';
import { type Addresses, isLoopback } from './book';

/** The command's own address beside loopback; the launcher gives it (native/launcher/launcher.h). */
const ownAddress = '192.0.2.10';

/** Any address would do: every one of them answers. */
export const resolverFile = `nameserver ${ownAddress}\noptions timeout:5 attempts:1\n`;

/** Names of the tape, and of what the machine's file says only what is about the machine itself. */
export function hostsFile(machines: string, names: ReadonlyMap<string, Addresses>, hostname: string): string {
  const recorded = [...names].flatMap(([name, { v4, v6 }]) =>
    [v4, v6].flatMap((at) => (at === null ? [] : [`${at} ${name}`])),
  );
  const own = machines.split('\n').flatMap((line) => {
    const [address = '', ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
    const others = aliases.filter((alias) => !names.has(alias.toLowerCase()) && alias !== 'localhost');
    return isIP(address) !== 0 && isLoopback(address) && others.length > 0 ? [`${address} ${others.join(' ')}`] : [];
  });
  const isNamed = names.has(hostname.toLowerCase()) || own.some((line) => line.split(' ').includes(hostname));
  const itself = isNamed ? [] : [`${ownAddress} ${hostname}`];
  return `${['127.0.0.1 localhost', '::1 localhost', ...recorded, ...own, ...itself].join('\n')}\n`;
}

/** Hosts by file and DNS only: other ways lead to daemons of the machine. */
export function nameServiceFile(machines: string): string {
  const others = machines.split('\n').filter((line) => !/^\s*hosts\s*:/.test(line));
  return `${others.join('\n').trimEnd()}\nhosts: files dns\n`.trimStart();
}
