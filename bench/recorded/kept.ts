/** What of the traffic is on the tape, and whether what is not there is counted. Pure: audits in, results out. */
import type { Result } from '../measure/result';
import { spreadOf } from '../measure/spread';
import type { Audit } from './audit';

/** Exchanges that reached the tape with no byte lost. */
export function keptResult(
  name: string,
  audits: readonly Audit[],
  { mustKeepAll }: { readonly mustKeepAll: boolean },
): Result {
  return {
    name: `kept of ${name}`,
    ratioOf: 'exchanges on the tape that lost nothing / exchanges served',
    ratio: spreadOf(audits.map(({ onTape, lossy, served }) => (onTape - lossy) / served)),
    figure: null,
    goal: mustKeepAll ? { of: 'ratio', exactly: 1 } : null,
    notes: audits.map(
      ({ served, onTape, lossy, complete, bytesMissing }) =>
        `${served} served, ${onTape} on the tape, ${complete} complete, ${lossy} with bytes lost; ${bytesMissing} bytes missing`,
    ),
  };
}

/** Holds the recorder to its word where it lost something, and where it says it did not. */
export function honestyResults(name: string, audits: readonly Audit[]): readonly Result[] {
  const weighed = audits.filter(({ bytesServed }) => bytesServed !== null);
  const believed = audits.filter(({ complete }) => complete > 0);
  if (weighed.length === 0 || believed.length === 0) return [];
  return [
    {
      name: `bytes accounted for, ${name}`,
      ratioOf: 'bytes of messages on the tape + bytes said to be missing / bytes served',
      ratio: spreadOf(weighed.map((a) => (a.bytesOnTape + a.bytesMissing) / (a.bytesServed ?? 0))),
      figure: null,
      goal: { of: 'ratio', exactly: 1 },
      notes: weighed.map((a) => `${a.bytesOnTape} on the tape + ${a.bytesMissing} missing, of ${a.bytesServed} served`),
    },
    {
      name: `complete exchanges that are, ${name}`,
      ratioOf: 'exchanges that say they are complete and are, byte for byte / exchanges that say so',
      ratio: spreadOf(believed.map(({ complete, falselyComplete }) => (complete - falselyComplete) / complete)),
      figure: null,
      goal: { of: 'ratio', exactly: 1 },
      notes: [],
    },
  ];
}
