/** What a redactor remembers (names, secrets, placeholders) is no part of the bodies it was found in. */
import { garbageCollector } from '../../../../cli/tight-heap';
import { createRedactor } from '../../../../tape/redact/redactor';
import { bodyOf, requestOf } from '../../../support/tapes';

const MiB = 1 << 20;
const bodies = 4;
const collect = garbageCollector();

/** V8 gives memory of arrays back on a thread of its own, some time after they were collected. */
const mostRounds = 100;

/** What lies outside of V8's heap, once it is less than that, or no less however often garbage is collected. */
async function externalBytes(enough: number): Promise<number> {
  for (let round = 0; round < mostRounds; round++) {
    await new Promise(setImmediate);
    collect();
    if (process.memoryUsage().external < enough) break;
  }
  return process.memoryUsage().external;
}

it('holds none of the long bodies in which it saw new names and secrets', async () => {
  const redactor = createRedactor({ key: Buffer.alloc(32, 7), remember: true });
  const redact = (i: number): number => {
    const members = `"nameOfTheMember${i}":"x","password":"S3cret-OfBody${i}-a81f","filler":"${'a b '.repeat(2 * MiB)}"`;
    const request = requestOf({ headers: [['Content-Type', 'application/json']], body: bodyOf(`{${members}}`) });
    return redactor.redactRequest(request).entries.length;
  };
  redact(0);
  const before = await externalBytes(Number.POSITIVE_INFINITY);
  for (let i = 1; i <= bodies; i++) expect(redact(i)).toBe(1);
  const most = before + 4 * MiB; // one of them has eight
  expect(await externalBytes(most)).toBeLessThan(most);
});
