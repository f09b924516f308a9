/** A connection that is there before its server is recorded, and goes on: what is said from then on has to be whole. */
import { join } from 'node:path';
import { markersOf } from '../support/markers';
import { apps, lineFrom, start } from '../support/programs';
import { type Recorded, recordDuring } from '../support/recorder';

const CONNECTIONS = 3;
const REQUESTS = 5;

export async function recordInMidConnection({ pid, port }: { readonly pid: number; readonly port: number }) {
  const words = [join(apps, 'echo/steps.js'), String(port), String(CONNECTIONS), 'mid'];
  const client = start(process.execPath, words, { stdio: 'pipe' });
  const step = async () => {
    const answered = lineFrom(client, client.child.stdout, new RegExp(`^${REQUESTS}$`));
    client.child.stdin?.write(`${REQUESTS}\n`);
    await answered;
  };
  await step();
  return recordDuring(['--pid', String(pid)], async () => {
    await step();
    client.child.stdin?.end();
    await client.ended;
  });
}

/** The second step, and nothing else, on connections whose handshake nobody saw. */
export function expectSecondStep({ exchanges }: Recorded, library: string): void {
  const seen = exchanges.map(({ exchange }) => [
    markersOf(exchange),
    exchange.connection.tls?.library,
    exchange.connection.handshake?.version ?? null,
    exchange.problems,
  ]);
  const connections = Array.from({ length: CONNECTIONS }, (_, i) => `mids1c${i}`);
  const expected = connections.flatMap((marker) => Array.from({ length: REQUESTS }, () => [marker, library, null, []]));
  const sorted = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).sort();
  expect(sorted(seen)).toEqual(sorted(expected));
}
