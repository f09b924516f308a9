import { ruleLine } from '../../../../replayer/noise/rule-line';
import { parseNoiseRules } from '../../../../replayer/noise/rules';

it.each([
  'body.total',
  'body.items[*].at',
  'body.**.at',
  'body["it\'s"]',
  'body["a: b, {c} # d"]',
  'body["\u202e\u0085"]',
  'header["x-node"]',
  'status',
  'message[*].body.id',
])('writes a rule for %s that is read back as it was', (path) => {
  const match = "GET */it's,{a:b}/**";
  const written = { in: 'response', path, match, allows: 'tolerance: 5%', because: 'say "why": {x}\u2028' } as const;
  const line = ruleLine(written);
  expect(line).not.toMatch(/[\u202e\u0085\u2028\n]/);
  const [read, ...others] = parseNoiseRules(`${line}\n`, 'noise.yaml');
  expect(others).toEqual([]);
  expect(read).toMatchObject({ pathText: path, because: written.because, match: { text: match } });
  expect(read?.allows).toMatchObject({ kind: 'tolerance', by: 5 });
});

it('leaves out what it is not told', () => {
  const rule = { in: 'request', path: 'body.a', match: null, allows: null, because: '…' } as const;
  expect(ruleLine(rule)).toBe('- { in: request, path: body.a, because: "…" }');
});
