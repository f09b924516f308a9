import { itemLayoutOf, parseItems, rewriteItems } from '../../../../tape/body/json-items';
import { parseMediaType } from '../../../../tape/body/media-type';
import { viewBytes } from '../../../../tape/body/view';
import { seededRandom } from '../../../support/seeded-random';

const view = (type: string, text: string) => viewBytes(parseMediaType(type), Buffer.from(text));

it.each([
  ['application/x-ndjson', '{"a":1}\n{"a":2}\n', [{ a: 1 }, { a: 2 }]],
  ['application/jsonl; charset=utf-8', '1\r\n\r\n"x"\r\n[]', [1, 'x', []]],
  ['application/json-seq', '\u001e{"a":1}\n\u001e\u001e{\n"a":2}\n', [{ a: 1 }, { a: 2 }]],
  ['application/geo+json-seq', '\u001e{"type":"Feature"}\n', [{ type: 'Feature' }]],
  ['application/json', '{"type":"ADDED"}\n{"type":"MODIFIED"}\n', [{ type: 'ADDED' }, { type: 'MODIFIED' }]],
])('reads the items of %s', (type, text, value) => {
  expect(view(type, text)).toMatchObject({ kind: 'items', value });
});

it.each([
  ['application/x-ndjson', '{"a":1}\nnot json\n'],
  ['application/x-ndjson', ' \n\n'],
  ['application/json', '{"a":1}\n{"a":'],
  ['text/plain', 'a\nb'],
])('leaves %s the text it is where a part is no JSON', (type, text) => {
  expect(view(type, text).kind).toBe('text');
});

it('takes one JSON text over several lines for one', () => {
  expect(view('application/json', '[\n {"a": "}\\n{"},\n {"b": 2}\n]\n').kind).toBe('json');
});

it('keeps numbers that a double cannot hold', () => {
  expect(JSON.stringify(parseItems('9007199254740993\n', 'lines'))).toContain('9007199254740993');
});

it('changes items alone, and every byte between them stays', () => {
  const text = ' {"a":1} \r\n\r\n{"b":2}\n';
  expect(rewriteItems(text, 'lines', (item) => item)).toBe(text);
  expect(rewriteItems(text, 'lines', (item, i) => (i === 1 ? '{}' : item))).toBe(' {"a":1} \r\n\r\n{}\n');
  const random = seededRandom('items');
  for (let i = 0; i < 500; i++) {
    const noise = Array.from({ length: 20 }, () => '\n\r \u001e{}1'[Math.floor(random() * 8)]).join('');
    for (const layout of ['lines', 'sequence'] as const)
      expect(rewriteItems(noise, layout, (item) => item)).toBe(noise);
  }
});

it('reads many lines in linear time', () => {
  const costMs = (size: number) => {
    const text = '\n'.repeat(size / 2) + '{}\n'.repeat(size / 6);
    const before = process.cpuUsage();
    parseItems(text, 'lines');
    itemLayoutOf('application/json', text);
    return process.cpuUsage(before).user / 1000;
  };
  expect(costMs(1_600_000)).toBeLessThan(Math.max(10, costMs(100_000), costMs(100_000)) * 16 * 6);
});
