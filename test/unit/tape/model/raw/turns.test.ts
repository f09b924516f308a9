import type { RawContent } from '../../../../../tape/model/raw/raw';
import { rawTurn, turnsOf } from '../../../../../tape/model/raw/turns';

const content = (request: string, response: string): RawContent => ({
  protocol: null,
  requestSize: request.length,
  responseSize: response.length,
  requestBytes: Buffer.from(request),
  responseBytes: Buffer.from(response),
});
const turn = (from: 'client' | 'server', size: number, problem: 'truncated' | null = null) =>
  rawTurn(from, { startedAtUs: 1, endedAtUs: 2, size, problem });
const said = (found: ReturnType<typeof turnsOf>) =>
  found?.map(({ from, bytes }) => `${from} ${Buffer.from(bytes).toString()}`) ?? null;

it('gives each turn its bytes', () => {
  const turns = [turn('server', 2), turn('client', 3), turn('server', 1), turn('client', 1)];
  expect(said(turnsOf(content('abcd', 'xyz'), turns))).toEqual(['server xy', 'client abc', 'server z', 'client d']);
});

it.each([
  ['bytes that were not kept', { ...content('a', ''), requestBytes: null }, [turn('client', 1)]],
  ['a stream longer than its turns', content('abc', ''), [turn('client', 1)]],
  ['turns longer than the stream', content('a', ''), [turn('client', 2)]],
  ['a turn that lacks something', content('a', ''), [turn('client', 1, 'truncated')]],
  ['a stream without turns', content('', ''), []],
])('refuses %s', (_, stream, turns) => {
  expect(turnsOf(stream, turns)).toBeNull();
});
