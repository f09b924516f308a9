/**
 * A program whose data looks like that of BoringSSL: what its functions do is read only where all of it is what BoringSSL would do. Real ones are
 * in test/peers.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { apps, stopAll, temporaryFolder } from '../support/programs';
import { type Recorded, recordCommand } from '../support/recorder';

const folder = temporaryFolder();
afterEach(stopAll);
afterAll(() => folder.remove());

/** What writes does another thing there, or what opens. */
const writers = ['count', 'more', 'dirty'];
const openers = ['outside', 'bare', 'part', 'alert'];

describeE2e('functions in the place of those of BoringSSL', () => {
  let recorded: Recorded;

  beforeAll(async () => {
    const program = folder.file('lookalike');
    const source = join(apps, 'lookalike/lookalike.c');
    execFileSync('cc', ['-O1', '-Wall', '-Wextra', '-Werror', '-s', '-o', program, source]);
    recorded = await recordCommand([program, 'right', ...writers, ...openers], ['-v']);
  });

  const answersTo = (how: string) =>
    recorded.exchanges.flatMap(({ exchange }) => {
      const { request, response } = httpIn(exchange);
      return request?.target === `/${how}` ? [[exchange.connection.tls?.library, response?.status ?? null]] : [];
    });

  it('are read where they do what those would do', () => {
    expect(recorded.summary).toMatch(/^probes complete {2}lookalike/m);
    expect(answersTo('right')).toEqual([['boringssl', 200]]);
  });

  it.each(writers)('are not where what writes does not (%s)', (how) => {
    expect(answersTo(how)).toEqual([]);
  });

  it.each(openers)('are not where what opens does not (%s)', (how) => {
    expect(answersTo(how)).toEqual([['boringssl', null]]);
  });
});
