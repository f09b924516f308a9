/**
 * Which test holds each case of ../shared/cases/verdict and replay: one that nobody wrote a test for fails here. What a script of
 * the lab shows is named by the test that shows it now.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/source-tree';

const cases = join(__dirname, '../../../shared/cases');
const isThere = existsSync(join(cases, 'verdict')) && existsSync(join(cases, 'replay'));

const verdicts = 'test/contract/telling-verdicts.test.ts';
const tapes = 'test/contract/mocks/telling-tapes.test.ts';
const clients = 'test/clients/clients.test.ts';
const libraries = 'test/clients/libraries.test.ts';
const matcher = 'test/unit/replayer/mocks/match/matcher.test.ts';
const sandbox = 'test/contract/sandbox/nothing-leaves.test.ts';

/** By folder or tape: a test that plays it, and says its name. */
const played: Readonly<Record<string, string>> = {
  'verdict/hidden-difference': verdicts,
  'verdict/jwt-mock': tapes,
  'verdict/jwt-same-second': verdicts,
  'verdict/not-ready': verdicts,
  'verdict/poison': verdicts,
  'verdict/postman-token': verdicts,
  'verdict/raw-inbound': verdicts,
  'verdict/second-clock': verdicts,
  'verdict/trailing-zero': verdicts,
  'replay/tapes/client-timeouts.tape': tapes,
  'replay/tapes/csp-nonce.tape': verdicts,
  'replay/tapes/fetch-over-tls-shifted.tape': tapes,
  'replay/tapes/jwt-claims.tape': verdicts,
  'replay/tapes/poisoned-expectation.tape': verdicts,
  'replay/tapes/s3-range-parallel.tape': tapes,
};

/** By what needs root, or packages of its own: the tests that ask the same of today's recorder, mocks and judge. */
const shown: Readonly<Record<string, readonly string[]>> = {
  'node-fetch-tls': [clients],
  'a.py': [matcher, 'test/unit/replayer/mocks/match/request-value.test.ts'],
  'b.py': [matcher],
  'bigc.py': ['test/unit/replayer/correlate/carrier.test.ts'],
  'c.py': ['test/contract/driver-lines.test.ts', 'test/contract/replay-run.test.ts'],
  'csp.py': [verdicts],
  'd.py': [libraries],
  'e.py': [sandbox, 'test/contract/launch/test-command.test.ts'],
  'e20.py': [sandbox],
  'f.py': ['test/contract/mocks/translated.test.ts'],
  'f1svc.py': [clients],
  'g.py': ['test/contract/generated-suite.test.ts'],
  'jwtcase.py': [verdicts],
  'm.py': [tapes],
  'mw.py': ['test/e2e/who-is-recorded.test.ts'],
  'p.py': ['test/contract/replay-run.test.ts', 'test/clients/clients.test.ts'],
  'q.py': ['test/contract/driver-lines.test.ts'],
  'r.py': [matcher],
  'red.py': ['test/unit/tape/redact/redactor.test.ts'],
  'short.py': ['test/unit/replayer/correlate/carrier.test.ts'],
  'tls.py': [clients],
  'tls2.py': [clients],
  'tls3.py': [clients],
  'v.py': [verdicts],
  'w.py': ['test/unit/replayer/judge/told-before.test.ts'],
  'x.py': ['test/unit/replayer/mocks/match/request-value.test.ts'],
  'y.py': ['test/unit/replayer/mocks/match/turns.test.ts', 'test/unit/replayer/judge/outgoing-calls.test.ts'],
  'z.py': ['test/unit/replayer/mocks/match/turns.test.ts'],
};

/** Services and clients that the scripts above start. */
const parts = new Set(
  `app.py cl.js csp.js e_svc.js e_up.js echo.js gocl.go lab.py libs.mjs libs.py libup.js r_up.js short.js zoo.js`.split(
    ' ',
  ),
);

/** As the test says it: some put the folder of a verdict together. */
const wordOf = (name: string): string => (name.startsWith('verdict/') ? name.slice('verdict/'.length) : name);

const listed = (folder: string): readonly string[] => (isThere ? readdirSync(join(cases, folder)) : []);

(isThere ? describe : describe.skip)('cases of before (need ../shared/cases)', () => {
  it('are each played by a test', () => {
    const folders = listed('verdict').filter((name) => !name.includes('.'));
    const there = [
      ...folders.map((name) => `verdict/${name}`),
      ...listed('replay/tapes').map((name) => `replay/tapes/${name}`),
    ];
    expect(there.filter((name) => played[name] === undefined)).toEqual([]);
    const silent = Object.entries(played).filter(
      ([name, test]) => !readFileSync(join(root, test), 'utf8').includes(wordOf(name)),
    );
    expect(silent).toEqual([]);
  });

  it('of the lab are each shown by a test that is there', () => {
    const scripts = [...listed('replay/lab').filter((name) => !parts.has(name)), 'node-fetch-tls'];
    expect(scripts.filter((name) => shown[name] === undefined)).toEqual([]);
    expect(
      Object.values(shown)
        .flat()
        .filter((test) => !existsSync(join(root, test))),
    ).toEqual([]);
  });
});

(isThere ? it.skip : it)('cases of before: ../shared/cases is not on this machine', () => undefined);
