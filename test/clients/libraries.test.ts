/**
 * Libraries of services against their own mocks (../shared/cases/replay/lab/libs.mjs): axios, got, undici, Stripe, Octokit, AWS
 * and others, recorded against a real upstream, and run again while only mocks answer, in the same order and in another.
 */
import { copyFileSync, existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../replayer/launch/free-port';
import { isListening } from '../../replayer/launch/readiness';
import { describeE2e } from '../support/e2e';
import { lineFrom, repository, start, stopAll, temporaryFolder } from '../support/programs';
import { environment, outputOf, wiretape } from '../support/recorder';

const lab = join(repository, '../shared/cases/replay/lab');
const isThere = existsSync(lab);
const folder = temporaryFolder();
const client = folder.file('libs.mjs');

afterEach(stopAll);
afterAll(() => folder.remove());

jest.setTimeout(180_000);

/** What each step printed. */
async function steps(command: string, args: readonly string[], UP: string, more: NodeJS.ProcessEnv = {}) {
  const program = start(command, args, { env: { ...environment, ...more, UP }, cwd: folder.path });
  const { stdout } = await outputOf(program);
  const lines = stdout.split('\n').filter((line) => line.includes('\t'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('\t')), line.slice(line.indexOf('\t') + 1)] as const));
}

const describeLab = isThere
  ? describeE2e
  : (name: string) => describe.skip(`${name} [needs ../shared/cases]`, () => it('is there', () => undefined));

describeLab('libraries of services', () => {
  it('get from mocks what they got, in whatever order they ask', async () => {
    copyFileSync(join(lab, 'libs.mjs'), client);
    symlinkSync(join(repository, 'build/clients/node_modules'), folder.file('node_modules'));
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const env = { ...process.env, PORT: String(port), LAB: folder.path };
    const upstream = start(process.execPath, [join(lab, 'libup.js')], { env });
    while (!(await isListening(new URL(url)))) if (upstream.child.exitCode !== null) throw new Error(upstream.stderr());
    const tape = folder.file('libs.tape');
    const first = await steps(wiretape, ['record', '-o', tape, '--', process.execPath, client], url);
    await upstream.stop();
    expect(first.size).toBeGreaterThan(30);
    for (const order of [{}, { SHUF: '1' }]) {
      const mock = start(wiretape, ['mock', tape], { env: environment });
      const own = new RegExp(`^listening (http://127\\.0\\.0\\.1:\\d+) 127\\.0\\.0\\.1:${port}$`);
      const [, mocked = ''] = await lineFrom(mock, mock.child.stdout, own);
      const again = await steps(process.execPath, [client], mocked, order);
      expect(await mock.stop('SIGINT')).toBe(0);
      const different = [...first].filter(([name, text]) => again.get(name) !== text).map(([name]) => name);
      expect(different).toEqual([]);
      expect(mock.stderr()).not.toMatch(/MOCK_MISS|x-amz-content-sha256/);
    }
  });
});
