/** What a redactor remembers (names, secrets, placeholders) is no part of the bodies it was found in. */
import { garbageCollector } from '../../../../cli/tight-heap';
import { createRedactor } from '../../../../tape/redact/redactor';
import { bodyOf, requestOf } from '../../../support/tapes';

const MiB = 1 << 20;
const bodies = 4;
const collect = garbageCollector();

function externalBytes(): number {
  collect();
  collect();
  return process.memoryUsage().external;
}

it('holds none of the long bodies in which it saw new names and secrets', () => {
  const redactor = createRedactor({ key: Buffer.alloc(32, 7), remember: true });
  const redact = (i: number): number => {
    const members = `"nameOfTheMember${i}":"x","password":"S3cret-OfBody${i}-a81f","filler":"${'a b '.repeat(2 * MiB)}"`;
    const request = requestOf({ headers: [['Content-Type', 'application/json']], body: bodyOf(`{${members}}`) });
    return redactor.redactRequest(request).entries.length;
  };
  redact(0);
  const before = externalBytes();
  for (let i = 1; i <= bodies; i++) expect(redact(i)).toBe(1);
  expect(externalBytes() - before).toBeLessThan(4 * MiB); // one of them has eight
});
