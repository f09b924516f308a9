/**
 * TLS calls in company: callbacks that talk to others from within a call, stacks that are switched in the middle of one,
 * calls that never return, processes that fork. Each request stands under its own answer, or says that it does not.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Exchange } from '../../tape/model/exchange';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { apps, makeCertificate, startServer, stopAll, temporaryFolder } from '../support/programs';
import { recordCommand } from '../support/recorder';

const node = process.execPath;
const folder = temporaryFolder();
const program = folder.file('tls-calls');

afterEach(stopAll);
afterAll(() => folder.remove());

async function recordCalls(how: string): Promise<readonly Exchange[]> {
  const { cert, key } = makeCertificate(folder.path);
  const server = join(apps, 'echo/node.js');
  const sealed = await startServer(node, [server, 'server', cert, key]);
  const plain = await startServer(node, [server, 'server']);
  const recorded = await recordCommand([program, how, String(sealed.port), String(plain.port)]);
  expect(recorded.status).toBe(0);
  return recorded.exchanges.map(({ exchange }) => exchange);
}

/** `/path <body> -> <answer>` of complete exchanges, with the problems of the others. */
function said(exchanges: readonly Exchange[]): string[] {
  const text = (bytes: Uint8Array | undefined) => (bytes === undefined ? '' : Buffer.from(bytes).toString());
  return exchanges
    .map((exchange) => {
      const { problems } = exchange;
      const { request, response } = httpIn(exchange);
      const whole = `${request?.target} ${text(request?.body.bytes)} -> ${text(response?.body.bytes)}`;
      return problems.length === 0 ? whole : `${whole} [${problems.join(' ')}]`;
    })
    .sort();
}

function requestsByConnection(exchanges: readonly Exchange[]): string[] {
  const inOrder = exchanges.toSorted((one, other) => one.startedAtUs - other.startedAtUs);
  const byConnection = Map.groupBy(inOrder, ({ connection }) => connection.key);
  return [...byConnection.values()].map((each) => each.map((one) => httpIn(one).request?.target).join(' ')).sort();
}

const whole = (...names: string[]) => names.map((name) => `/${name} <${name}> -> <${name}>`).sort();

describeE2e('TLS calls within and beside one another', () => {
  beforeAll(() => {
    const source = join(apps, 'tls-calls/tls-calls.c');
    execFileSync('cc', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', program, source, '-lssl', '-lcrypto']);
  });

  it('keeps what a callback says from within a call apart, on other connections and on the same', async () => {
    const names = ['plain', 'other', 'within', 'outer', 'after'].map((name) => `callback-${name}`);
    expect(said(await recordCalls('callback'))).toEqual(whole(...names));
  });

  it('keeps what is said on another stack apart while a call is left in the middle', async () => {
    const names = ['first', 'left', 'last', 'plain', 'other', 'plain-again', 'other-again'];
    expect(said(await recordCalls('coroutine'))).toEqual(whole(...names.map((name) => `coroutine-${name}`)));
  });

  it('takes nothing for part of a call that was left by longjmp', async () => {
    const seen = said(await recordCalls('longjmp'));
    const names = ['first', 'plain', 'other', 'plain-again'].map((name) => `longjmp-${name}`);
    expect(seen).toEqual([...whole(...names), '/longjmp-left <longjmp-left> -> '].sort());
  });

  it('goes on with the stream of a connection in a forked child', async () => {
    const names = ['fork-parent', 'fork-child', 'fork-child-again'];
    expect(said(await recordCalls('fork'))).toEqual(whole(...names));
  });

  it('keeps what a forked child says on connections of its own apart from those of its parent, at the same addresses', async () => {
    const exchanges = await recordCalls('anew');
    const names = [
      'first',
      'first-again',
      'parent',
      'parent-again',
      'child',
      'child-again',
      'child-other',
      'child-last',
    ];
    expect(said(exchanges)).toEqual(whole(...names.map((name) => `anew-${name}`)));
    expect(requestsByConnection(exchanges)).toEqual([
      '/anew-child /anew-child-again',
      '/anew-child-other /anew-child-last',
      '/anew-first /anew-first-again',
      '/anew-parent /anew-parent-again',
    ]);
  });

  it('gives up what is nested too deep, and says so', async () => {
    const seen = await recordCalls('deep');
    const complete = said(seen.filter(({ problems }) => problems.length === 0));
    expect(whole('deep-1', 'deep-2', 'deep-3', 'deep-4', 'deep-5', 'deep-6', 'deep-after')).toEqual(
      expect.arrayContaining(complete),
    );
    expect(complete).toEqual(expect.arrayContaining(whole('deep-after')));
  });
});
