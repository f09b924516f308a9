/** Outlines as tests compare them: one for each exchange, whatever a store says once of many. */
import type { Outlines } from '../../tape/store/tape';

export function outlinesIn({ kinds, kindOf, redacted, of }: Outlines) {
  const exchanges = Array.from(
    of(() => true),
    (outline) => ({ ...outline, ...kinds[kindOf[outline.at] as number] }),
  );
  return { size: kindOf.length, exchanges, redacted: redacted.map((entry) => JSON.stringify(entry)).sort() };
}
