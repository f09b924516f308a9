/** What is on a tape came from the network: it may want to be code in the files that are generated from it. */
import { runInNewContext } from 'node:vm';
import { casesFrom, isSent } from '../../../../replayer/cases/cases';
import { jestGenerator } from '../../../../replayer/generate/jest';
import { describeCase } from '../../../../replayer/suite/describe';
import { type ExchangeSketch, storedExchanges } from '../../../support/exchanges';
import { breakout, hostileTexts } from '../../../support/hostile-texts';

const sketches: readonly ExchangeSketch[] = hostileTexts.flatMap((text) => [
  { method: text, target: `/${text}` },
  { target: '/bodies', responseBody: { [text]: text, nested: [{ [text]: [text] }] } },
  { target: '/headers', responseHeaders: [[text, text]], requestHeaders: [['X-Note', text]] },
  { target: '/text', requestBody: text, requestHeaders: [['Content-Type', 'text/plain']] },
  { target: '/minted', responseBody: { [text]: 'a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d' } },
  { target: '/carried', requestHeaders: [['X-Token', 'a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d']] },
  { target: `/left-out/${text}`, response: 'none', problems: ['no-response'] },
  { target: '/ledger', redacted: [{ in: 'request', path: `body["${text}"]`, rule: text, placeholder: text }] },
]);

const options = {
  tapeName: breakout,
  settings: { command: hostileTexts, env: { A: breakout } },
  noise: null,
  redact: null,
  protoFiles: new Map(),
};
const { files } = jestGenerator.files(storedExchanges(...sketches), options);

/** Runs a generated file with the functions of Jest replaced by ones that only remember. */
function run(path: string) {
  const file = files.find((each) => each.path === path);
  const seen: { titles: string[]; recorded: unknown[]; suites: unknown[]; owned?: true } = {
    titles: [],
    recorded: [],
    suites: [],
  };
  const note = (title: string) => seen.titles.push(title);
  const context = {
    require: () => ({
      recorded: (description: unknown) => seen.recorded.push(description),
      suite: (settings: unknown) => seen.suites.push(settings),
    }),
    module: {},
    __dirname: '/suite',
    jest: { setTimeout() {} },
    beforeAll() {},
    afterAll() {},
    test: note,
    describe: (title: string, body: () => void) => {
      note(title);
      body();
    },
  };
  runInNewContext(Buffer.from(file?.bytes ?? []).toString(), context);
  return { ...seen, owned: 'owned' in context };
}

const sources = files.map(({ path }) => path).filter((path) => path.endsWith('.js'));

it('has files to look at', () => {
  expect(sources.length).toBeGreaterThan(8);
});

it.each(sources)('%s is code of ours only', (path) => {
  expect(run(path).owned).toBe(false);
});

it('says in its files exactly what was recorded', () => {
  const exchanges = new Map(storedExchanges(...sketches).map((stored) => [stored.id, stored]));
  const cases = casesFrom([...exchanges.values()]).filter(isSent);
  const expected = cases.flatMap(({ id }, i) => {
    const stored = exchanges.get(id);
    return stored === undefined ? [] : [describeCase(stored, i + 1, () => '')];
  });
  const recorded = sources.flatMap((path) => run(path).recorded as typeof expected);
  const inOrder = recorded.toSorted((a, b) => a.tape.step - b.tape.step);
  expect(inOrder.map(withoutFileNames)).toEqual(expected.map(withoutFileNames));
});

it('keeps every file inside the folder of the suite', () => {
  expect(files.filter(({ path }) => /(^|\/)\.\.|^\/|[^\w./-]/.test(path))).toEqual([]);
});

function withoutFileNames(description: unknown): string {
  return JSON.stringify(description, (name, value) => (name === 'file' ? 'a file' : value));
}
