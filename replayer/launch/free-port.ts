/**
 * A port for a service that has to be told one. Between our look and the moment the service listens nobody may get it: so it is
 * one that the kernel gives to nobody who does not ask for it by its number.
 */
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';

const tries = 50;

/** Free on 127.0.0.1. */
export async function freePort(): Promise<number> {
  const ranges = besideEphemeral(await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'latin1').catch(() => ''));
  for (let i = 0; i < tries && ranges.length > 0; i++) {
    const port = portIn(ranges, Math.random());
    if ((await bound(port)) !== null) return port;
  }
  return (await bound(0)) ?? Promise.reject(new Error('no port is free'));
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Where nobody expects a well-known service. */
const lowest = 20_000;

/** What the kernel gives to no connection and to no listener on port 0 (ip(7)); [] where it does not say what it gives. */
export function besideEphemeral(text: string): readonly Range[] {
  const [from, to] = text.trim().split(/\s+/).map(Number);
  if (from === undefined || to === undefined || !(from > 0 && to >= from)) return [];
  const beside = [
    { from: lowest, to: from - 1 },
    { from: Math.max(lowest, to + 1), to: 65_535 },
  ];
  return beside.filter((range) => range.to >= range.from);
}

/** `share` from 0 to below 1, of all ports of the ranges. */
export function portIn(ranges: readonly Range[], share: number): number {
  const sizes = ranges.map(({ from, to }) => to - from + 1);
  let left = Math.floor(share * sizes.reduce((sum, size) => sum + size, 0));
  for (const [i, { from }] of ranges.entries()) {
    const size = sizes[i] ?? 0;
    if (left < size) return from + left;
    left -= size;
  }
  throw new RangeError('the share is below 1');
}

/** Null where somebody has it. */
function bound(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => {
      const { port: own } = server.address() as AddressInfo;
      server.close(() => resolve(own));
    });
  });
}
