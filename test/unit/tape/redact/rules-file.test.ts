import { WiretapeError } from '../../../../errors/wiretape-error';
import { parseRedactionRules } from '../../../../tape/redact/rules-file';

it('reads YAML and JSON', () => {
  const yaml = parseRedactionRules(
    "- { in: request, path: body.user.ssn }\n- { pattern: 'EMP-\\d+', name: employee }\n",
    'r.yaml',
  );
  const json = parseRedactionRules(
    '[{"in":"request","path":"body.user.ssn"},{"pattern":"EMP-\\\\d+","name":"employee"}]',
    'r.json',
  );
  for (const rules of [yaml, json]) {
    expect(rules).toMatchObject([
      { kind: 'path', name: 'body.user.ssn', in: 'request', path: ['body', 'user', 'ssn'] },
      { kind: 'pattern', name: 'employee', in: 'both', source: 'EMP-\\d+' },
    ]);
  }
});

it('takes paths with brackets on one line without quotes, as product pages write them', () => {
  expect(
    parseRedactionRules(
      '- { in: request, path: body.items[*].ssn }\n- { path: header["X-Who"], name: who }\n',
      'r.yaml',
    ),
  ).toEqual([
    { kind: 'path', name: 'body.items[*].ssn', in: 'request', path: ['body', 'items', { wildcard: 'any' }, 'ssn'] },
    { kind: 'path', name: 'who', in: 'both', path: ['header', 'x-who'] },
  ]);
});

it('takes an empty file as no rules', () => {
  expect(parseRedactionRules('', 'r.yaml')).toEqual([]);
  expect(parseRedactionRules('# nothing yet\n', 'r.yaml')).toEqual([]);
});

it.each([
  ['{ path: body }', 'Cannot use r.yaml: it is no list of rules', /^Write {2}- \{ in: request/],
  ['- just text', 'Cannot use rule 1 of r.yaml: it is no rule', /^Write/],
  [
    '- { path: body.a }\n- { pth: body.b }',
    'Cannot use rule 2 of r.yaml: it holds "pth", which no rule knows',
    /^Did you mean path\?$/,
  ],
  [
    '- { path: body.a, because: x }',
    'Cannot use rule 1 of r.yaml: it holds "because", which no rule knows',
    /^A rule may hold in, path, pattern, name$/,
  ],
  [
    '- { in: requests, path: body.a }',
    'Cannot use rule 1 of r.yaml: "requests" is no side of an exchange',
    /^Did you mean {2}in: request\?$/,
  ],
  [
    '- { in: up, path: body.a }',
    'Cannot use rule 1 of r.yaml: "up" is no side of an exchange',
    /^Write {2}in: request, in: response, in: both$/,
  ],
  ['- { in: request }', 'Cannot use rule 1 of r.yaml: it has neither a path nor a pattern', /^Write/],
  [
    '- { path: body.a, pattern: x, name: y }',
    'Cannot use rule 1 of r.yaml: it has both a path and a pattern',
    /^Write two rules$/,
  ],
  [
    '- { path: status }',
    'Cannot use rule 1 of r.yaml: "status" is no place that redaction changes',
    /^Begin it with body, header, trailer, query, message$/,
  ],
  [
    '- { path: header }',
    'Cannot use rule 1 of r.yaml: "header" names no header',
    /^Write header\.name, or header\["x-name"\]$/,
  ],
  [
    '- { path: bdy.a }',
    'Cannot read the path "bdy.a": it does not begin with one of status, header, trailer, body, bytes, query, method, path, outcome, message, calls',
    /^Write it as/,
  ],
  ['- { path: 5 }', 'Cannot use rule 1 of r.yaml: path is no text', /^Write it in quotes/],
  [
    "- { pattern: '[a' , name: x }",
    'Cannot use rule 1 of r.yaml: missing closing ]: `[a`',
    /^Write a regular expression as RE2 reads it/,
  ],
  [
    "- { pattern: '(?<=id=)\\d+', name: x }",
    'Cannot use rule 1 of r.yaml: the pattern looks behind, which cannot be searched for in a bounded time',
    /^Put what is secret into a group/,
  ],
  [
    "- { pattern: '\\d+(?! EUR)', name: x }",
    'Cannot use rule 1 of r.yaml: the pattern looks ahead, which cannot be searched for in a bounded time',
    /^Put what is secret into a group/,
  ],
  [
    "- { pattern: '(\\d)\\1', name: x }",
    'Cannot use rule 1 of r.yaml: the pattern refers back to a group, which cannot be searched for in a bounded time',
    /^Put what is secret into a group/,
  ],
  ["- { pattern: 'a*', name: x }", 'Cannot use rule 1 of r.yaml: the pattern matches nothing at all', /^Make it match/],
  ["- { pattern: 'abc' }", 'Cannot use rule 1 of r.yaml: a pattern needs a name', /^Add {2}name:/],
  ['- { path: body.a, name: jwt }', 'Cannot use r.yaml: the name "jwt" is taken', /^Give the rule another name$/],
  ['- { path: body.a }\n- { path: body.a }', 'Cannot use r.yaml: the name "body.a" is taken', /^Give/],
])('refuses %s', (text, message, remedy) => {
  expect.assertions(4);
  try {
    parseRedactionRules(text, 'r.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(WiretapeError);
    const { code, message: said, remedies } = error as WiretapeError;
    expect(code).toBe('BAD_RULE');
    expect(said).toBe(message);
    expect(remedies[0]).toMatch(remedy);
  }
});

it('refuses what is neither YAML nor JSON, and says where', () => {
  expect(() => parseRedactionRules('- { path: body.a\n- x', 'r.yaml')).toThrow(/^Cannot use r\.yaml: .* line 2/);
});

it('refuses aliases that stand for more than anybody could write, and files nobody wrote', () => {
  const lines = ['- &a0 { path: body.a }'];
  for (let i = 1; i < 9; i++) lines.push(`- &a${i} [${`*a${i - 1},`.repeat(9)}]`);
  expect(() => parseRedactionRules(lines.join('\n'), 'r.yaml')).toThrow(/^Cannot use r\.yaml: Excessive alias count/);
  expect(() => parseRedactionRules('- '.repeat(600_000), 'r.yaml')).toThrow(
    'Cannot use r.yaml: it is larger than 1 MiB',
  );
  expect(() => parseRedactionRules('['.repeat(20_000), 'r.yaml')).toThrow(/^Cannot use r\.yaml: /);
});
