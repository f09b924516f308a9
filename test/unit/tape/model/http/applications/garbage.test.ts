/** What is recognised must cost little where there is nothing to recognise, and never throw. */
import { spokenIn } from '../../../../../../tape/model/http/applications/registry';
import { contentOf, spokenLine } from '../../../../../support/applications';
import { seededRandom } from '../../../../../support/seeded-random';
import { bodyOf } from '../../../../../support/tapes';

const types = [
  'application/json',
  'text/xml',
  'application/soap+xml',
  'multipart/form-data; boundary=b',
  'application/graphql',
  '',
  'text/plain',
];
const pieces = [
  '{',
  '}',
  '[',
  ']',
  '"query":',
  '"query"',
  '"errors"',
  '"jsonrpc":"2.0"',
  '"method":"a"',
  '"params":[]',
  '"id":1',
  ',',
  '"',
  '\\',
  '<',
  '>',
  'Envelope',
  '<s:Body',
  'http://schemas.xmlsoap.org/soap/envelope/',
  'name="operations"',
  '--b\r\n',
  '\r\n\r\n',
  '\u0000',
  'é',
  'null',
  '-1e999',
  '"extensions":{"persistedQuery":',
];
const random = seededRandom('applications');
const pick = (from: readonly string[]) => from[Math.floor(random() * from.length)] ?? '';

it('never throws, whatever was said', () => {
  for (let i = 0; i < 4000; i++) {
    const text = () => Array.from({ length: Math.floor(random() * 14) }, () => pick(pieces)).join('');
    const talk = {
      target: `/graphql?${text()}`,
      method: pick(['GET', 'POST']),
      type: pick(types),
      asks: text(),
      answers: text(),
    };
    expect(() => spokenLine(talk)).not.toThrow();
  }
});

it('never throws on codings that are damaged', () => {
  const { request, response } = contentOf({ asks: 'no gzip' });
  if (request === null) throw new Error('there is a request');
  const body = bodyOf('no gzip', { codings: ['gzip', 'nonsense'] });
  expect(spokenIn({ request: { ...request, body }, response })).toBeNull();
});

it('gives no names longer than a line of a list', () => {
  const spoken = spokenLine({ asks: { jsonrpc: '2.0', id: 1, method: 'm'.repeat(10_000) } });
  expect(spoken?.length).toBeLessThan(400);
});

it.each([
  [
    'comments before the body of an envelope',
    'text/xml',
    `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>`,
    '<!-- ',
  ],
  ['bodies that do not end', 'text/xml', `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/">`, '<Body '],
  ['methods', 'application/json', '[', '{"jsonrpc":"2.0","method":"a"},'],
  ['queries', 'application/json', '[', '{"query":"{a}"},'],
  ['names of operations', 'multipart/form-data; boundary=b', '', '--b\r\nname="operations"\r\n'],
])('takes linear time for many %s', (_, type, opens, unit) => {
  const costMs = (size: number) => {
    const content = contentOf({ type, target: '/graphql', asks: opens + unit.repeat(size / unit.length) });
    const before = process.cpuUsage();
    spokenIn(content);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  const small = Math.max(8, costMs(50_000), costMs(50_000));
  expect(costMs(800_000)).toBeLessThan(small * 16 * 6);
});
