import { isSameSide, type Side } from '../../../../replayer/accept/accepted';
import { parseAccepted } from '../../../../replayer/accept/accepted-file';
import { acceptedLines } from '../../../../replayer/accept/text';
import { JsonNumber, type JsonValue } from '../../../../tape/json/json';

const written = { caseId: '3', caseName: 'GET /items -> 200', path: 'body.total', because: "it's so", at: 'now' };
const value = (given: JsonValue): Side => ({ kind: 'value', value: given });

it.each<[string, Side]>([
  ['nothing', { kind: 'nothing' }],
  ['null', value(null)],
  ['text that is YAML for something else', value('yes')],
  ['text of several lines, with marks that reorder it', value('a: "b"\n# c\u202e\u0085\u2028\t{d}')],
  ['a number that no double holds', value(new JsonNumber('12345678901234567890'))],
  ['a number with an exponent that no double holds', value({ n: [new JsonNumber('1e400'), 0.5, -0] })],
  [
    'a long document',
    value({ __proto__list: Array.from({ length: 60 }, (_, i) => ({ [`key: ${i}`]: [`${i}`, {}] })) }),
  ],
  ['one that is too long to be read', value({ list: Array.from({ length: 2000 }, (_, i) => i) })],
  ['a hash', { kind: 'hash', excerpt: '…x…', sha256: '0'.repeat(64) }],
])('reads back %s as it was written', (_what, side) => {
  const lines = acceptedLines({ ...written, recorded: value(1), accepted: side });
  const [read, ...others] = parseAccepted(`# header\n${lines.join('\n')}\n`, 'shop.accepted.yaml');
  expect(others).toEqual([]);
  expect(read).toMatchObject({ name: 'shop.accepted.yaml:2', caseId: '3', path: 'body.total', because: "it's so" });
  expect(read?.lines).toEqual({ from: 2, to: lines.length + 1 });
  expect(isSameSide(read?.accepted ?? { kind: 'nothing' }, side)).toBe(true);
  expect(lines.join('\n')).not.toMatch(/[\u202e\u0085\u2028]/);
});

it.each([
  ['text cut short', '- [', /values\.yaml:1: it is not YAML/],
  ['a mapping', 'a: b', /it is not a list/],
  ['a list of numbers', '- 7', /an entry is a mapping/],
  ['an entry without its reason', '- { case: 1, name: x, path: body.a, accepted: 2 }', /`because` is missing/],
  ['an unknown place', '- { case: 1, name: x, path: bdy, because: x }', /values\.yaml:1: Cannot read the path "bdy"/],
  ['half a hash', '- { case: 1, name: x, path: body.a, accepted-sha256: 12, because: x }', /is no SHA-256/],
  [
    'a value and a hash',
    `- { case: 1, name: x, path: body.a, accepted: 1, accepted-excerpt: x, because: x }`,
    /it has both `accepted` and a hash/,
  ],
  [
    'two of one place',
    '- { case: 1, name: x, path: body.a, accepted: 1, because: x }\n- { case: 1, name: x, path: body.a, because: x }',
    /values\.yaml:2: values\.yaml:1 speaks of the same place of case 1/,
  ],
  [
    'aliases',
    '- { case: &a 1, name: x, path: body.a, accepted: *a, because: x }',
    /it refers to another value by `\*`/,
  ],
  ['brackets without end', `- ${'['.repeat(100_000)}`, /it is not YAML/],
  ['megabytes', '#'.repeat(17 * 1024 * 1024), /larger than 16 MiB/],
])('refuses a file of %s', (_what, text, message) => {
  expect(() => parseAccepted(text, 'values.yaml')).toThrow(message);
});
