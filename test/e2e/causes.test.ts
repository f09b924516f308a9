/**
 * Which request a call was made for, where many are served at once: all of those that carry an id, and none wrong whatever
 * they carry.
 */
import { kinds, levels, REQUESTS, recordCauses, runtimes } from '../support/causes';
import { describeE2e } from '../support/e2e';
import { describeWithGo } from '../support/go';
import { describeWithJdk } from '../support/java';
import { stopAll, temporaryFolder } from '../support/programs';

const folder = temporaryFolder();
afterEach(stopAll);
afterAll(() => folder.remove());

const needing: Readonly<Record<string, (name: string, tests: () => void) => void>> = {
  Go: describeWithGo,
  Java: describeWithJdk,
};

describeE2e('the cause of a call', () => {
  for (const runtime of runtimes)
    (needing[runtime.name] ?? describe)(`in ${runtime.name}`, () => {
      it('is right, and there for each that carries an id or is made while one request is served', async () => {
        const all = await recordCauses(runtime, folder);
        expect(all.map(({ kind, atOnce }) => `${kind} ${atOnce}`)).toEqual(
          levels.flatMap((atOnce) => Object.keys(kinds).map((kind) => `${kind} ${atOnce}`)),
        );
        for (const { kind, atOnce, calls, found, wrong } of all) {
          expect({ kind, atOnce, calls, wrong }).toEqual({ kind, atOnce, calls: REQUESTS, wrong: [] });
          if (kind !== 'nothing' || atOnce === 1)
            expect({ kind, atOnce, found }).toEqual({ kind, atOnce, found: calls });
        }
      });
    });
});
