/** Which requests generated handlers take, asked of them directly: msw itself is in test/contract/generated. */
import { mswGenerator } from '../../../../replayer/generate/msw';
import { type ExchangeSketch, storedExchanges } from '../../../support/exchanges';

type Predicate = (asked: { readonly request: Request }) => Promise<boolean>;

/** The predicates of all handlers, in their order. */
async function handlersOf(recorded: readonly ExchangeSketch[]): Promise<readonly Predicate[]> {
  const outbound = recorded.map((sketch) => ({ direction: 'outbound' as const, host: 'pay.test', ...sketch }));
  const options = { tapeName: 'a.tape', settings: {}, noise: null, redact: null, protoFiles: new Map() };
  const { files } = await mswGenerator.files(storedExchanges(...outbound), options);
  const textOf = (name: string) => Buffer.from(files.find(({ path }) => path === name)?.bytes ?? []).toString('utf8');
  const asSource = (text: string) =>
    text
      .replace(/^import .*$/gm, '')
      .replace(/^export \{.*$/gm, '')
      .replace(/^export /gm, '');
  const take = (predicate: Predicate) => predicate;
  const http = { get: take, post: take };
  const source = `${asSource(textOf('recorded.js'))}\n${asSource(textOf('handlers.js'))}\nreturn handlers;`;
  return new Function('http', 'HttpResponse', source)(http, { json: () => null, text: () => null });
}

async function takenBy(handlers: readonly Predicate[], url: string, headers: Record<string, string> = {}) {
  const request = new Request(url, { headers });
  const taken = await Promise.all(handlers.map((handler) => handler({ request })));
  return taken.flatMap((isTaken, i) => (isTaken ? [i] : []));
}

it('tells requests apart by fields that choose an answer, where recorded ones differ in them', async () => {
  const accepting = (type: string): ExchangeSketch => ({ target: '/doc', requestHeaders: [['Accept', type]] });
  const handlers = await handlersOf([accepting('a/b'), accepting('c/d'), { target: '/doc' }]);
  const taken = ['c/d', 'a/b', '*/*', 'e/f'].map((accept) => takenBy(handlers, 'http://pay.test/doc', { accept }));
  expect(await Promise.all(taken)).toEqual([[1], [0], [2], []]);
});

it('tells no requests apart by a field that every one of them has alike, or that redaction took out', async () => {
  const one = { target: '/doc', requestHeaders: [['Range', 'bytes=0-1']] } as const;
  expect(await takenBy(await handlersOf([one, one]), 'http://pay.test/doc')).toEqual([0]);
  const placeholders = ['kqzmwv', 'zzkkqq'].map((placeholder) => ({
    target: '/doc',
    requestHeaders: [['Cookie', placeholder]] as const,
    responseHeaders: [['Vary', 'Cookie']] as const,
    redacted: [{ in: 'request' as const, path: 'header["cookie"]', rule: 'cookie', placeholder }],
  }));
  expect(await takenBy(await handlersOf(placeholders), 'http://pay.test/doc')).toEqual([0]);
});

it.each([
  ['/car;a=1', '/car%3Ba=1'],
  ['/a?q=Ren%E8', '/a?q=Ren%E9'],
  ['/Ren%E8', '/Ren%E9'],
])('tells %s from %s', async (...targets) => {
  const handlers = await handlersOf(targets.map((target) => ({ target })));
  const taken = targets.map((target) => takenBy(handlers, `http://pay.test${target}`));
  expect(await Promise.all(taken)).toEqual([[0], [1]]);
});
