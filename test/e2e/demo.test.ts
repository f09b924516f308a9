/** `npm run demo` from end to end: it checks every claim it makes, and ends with status 1 where one does not hold. */
import { join } from 'node:path';
import { withoutSettings } from '../support/command';
import { describeE2e } from '../support/e2e';
import { repository, start, stopAll, temporaryFolder } from '../support/programs';

const folder = temporaryFolder();

afterEach(stopAll);
afterAll(() => folder.remove());

describeE2e('the demo', () => {
  it('holds what it tells: recorded, listed, green, generated, red', async () => {
    const script = join(repository, 'scripts/demo/main.js');
    const demo = start(process.execPath, [script, folder.path], { env: withoutSettings(process.env) });
    let told = '';
    demo.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      told += text;
    });
    const status = await demo.ended;
    expect(`${demo.stderr()}${status === 0 ? '' : told}`).toBe('');
    expect(told.match(/^ {3}ok /gm)?.length).toBeGreaterThan(12);
    expect(status).toBe(0);
  });
});
