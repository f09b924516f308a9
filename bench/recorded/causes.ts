/**
 * Of how many calls of a busy service the tape knows the request they were made for, and whether it is the right one: services in
 * several runtimes, with and without ids of requests, at several numbers of requests at once.
 */
import { type CausesFound, type Kind, levels, type Runtime, recordCauses, runtimes } from '../../test/support/causes';
import { temporaryFolder } from '../../test/support/programs';
import type { Result } from '../measure/result';
import { spreadOf } from '../measure/spread';
import { type Context, inTurn, type Measurement } from '../measurement';

export const causes: Measurement = {
  name: 'causes',
  records: true,
  isLong: true,
  measure: (context) => inTurn(runtimes, (runtime) => causesOf(runtime, context)),
};

async function causesOf(runtime: Runtime, { sizes, signal, tell }: Context): Promise<readonly Result[]> {
  const folder = temporaryFolder();
  const found: CausesFound[] = [];
  try {
    for (let i = 0; i < sizes.loadPairs; i++) {
      signal.throwIfAborted();
      found.push(...(await recordCauses(runtime, folder)));
    }
  } finally {
    folder.remove();
  }
  const calls = sum(found, (one) => one.calls);
  tell(`${runtime.name}: ${sum(found, (one) => one.found)} of ${calls} calls have a cause`);
  return [...groups.flatMap((group) => recallOf(runtime, group, found)), precisionOf(runtime, found)];
}

/** Requests with an id are one row, whichever it is. */
const groups: readonly { readonly name: string; readonly kinds: readonly Kind[] }[] = [
  { name: 'with ids', kinds: ['trace', 'request-id'] },
  { name: 'without', kinds: ['nothing'] },
];

function recallOf({ name }: Runtime, group: (typeof groups)[number], found: readonly CausesFound[]): readonly Result[] {
  return levels.map((atOnce) => {
    const those = found.filter((one) => one.atOnce === atOnce && group.kinds.includes(one.kind));
    return {
      name: `causes found, ${name}, ${atOnce} at once, ${group.name}`,
      ratioOf: 'calls that have a cause on the tape / calls the service made',
      ratio: spreadOf(those.map((one) => one.found / one.calls)),
      figure: null,
      goal: null,
      notes: [],
    };
  });
}

function precisionOf({ name }: Runtime, all: readonly CausesFound[]): Result {
  const found = sum(all, (one) => one.found);
  const wrong = sum(all, (one) => one.wrong.length);
  return {
    name: `causes that are right, ${name}`,
    ratioOf: 'calls whose cause is the request they were made for / calls that have one',
    ratio: spreadOf([(found - wrong) / found]),
    figure: null,
    goal: { of: 'ratio', exactly: 1 },
    notes: [`${found} causes`],
  };
}

function sum(all: readonly CausesFound[], of: (one: CausesFound) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}
