import { WiretapeError } from '../../../../errors/wiretape-error';
import { parseNoiseRules, ruleFor } from '../../../../replayer/noise/rules';
import { subjectOf } from '../../../../tape/model/filter';
import { parsePath } from '../../../../tape/model/path';
import { storedExchanges } from '../../../support/exchanges';

function refusal(text: string): string {
  try {
    parseNoiseRules(text, 'n.yaml');
  } catch (error) {
    if (error instanceof WiretapeError && error.code === 'BAD_RULE') return error.message;
    throw error;
  }
  return 'was taken';
}

it('reads rules with their line, their match and their reason', () => {
  const rules = parseNoiseRules(
    '# prices\n- { in: response, path: "body.items[*].at", because: "clock" }\n- in: request\n  path: query.page\n  match: "GET */x/**"\n  because: |\n    pages\n',
    'n.yaml',
  );
  expect(rules).toMatchObject([
    { name: 'n.yaml:2', in: 'response', pathText: 'body.items[*].at', match: null, because: 'clock' },
    { name: 'n.yaml:3', in: 'request', pathText: 'query.page', match: { text: 'GET */x/**' } },
  ]);
});

it.each(['', '# nothing yet\n', '---\n', '[]'])('reads %j as no rules', (text) => {
  expect(parseNoiseRules(text, 'n.yaml')).toEqual([]);
});

it.each([
  ['a: 1', 'Cannot read the noise rule at n.yaml: it is not a list of rules'],
  ['- body.a', 'Cannot read the noise rule at n.yaml:1: a rule is a mapping'],
  ['- {in: response, path: body.a}', 'Cannot read the noise rule at n.yaml:1: `because` is missing'],
  ['- {in: response, path: body.a, because: " "}', 'Cannot read the noise rule at n.yaml:1: `because` is missing'],
  [
    '- {in: answer, path: body.a, because: x}',
    'Cannot read the noise rule at n.yaml:1: `in` is missing, or none of request, response, call',
  ],
  [
    '- {in: response, paths: body.a, because: x}',
    'Cannot read the noise rule at n.yaml:1: the key "paths" is unknown; did you mean `path`?',
  ],
  ['- {in: response, path: 3, because: x}', 'Cannot read the noise rule at n.yaml:1: `path` is not a text'],
  [
    '\n- {in: response, path: $.a, because: x}',
    'Cannot read the noise rule at n.yaml:2: Cannot read the path "$.a": it does not begin with one of status, header, trailer, body, bytes, query, method, path, outcome, message, calls',
  ],
  [
    '- {in: response, path: body..a, because: x}',
    'Cannot read the noise rule at n.yaml:1: Cannot read the path "body..a": nothing fits at "..a"',
  ],
  [
    '- {in: response, path: query.a, because: x}',
    'Cannot read the noise rule at n.yaml:1: a response has no `query`; it has status, header, trailer, body, bytes, outcome, message',
  ],
  [
    '- {in: request, path: status, because: x}',
    'Cannot read the noise rule at n.yaml:1: a request has no `status`; it has method, path, query, header, trailer, body, message',
  ],
  [
    '- {in: response, path: body.a, match: "/x", because: x}',
    'Cannot read the noise rule at n.yaml:1: `match`: Cannot read the filter "/x": it is not METHOD host/path',
  ],
  [
    '- {in: response, path: body.a, order: same, because: x}',
    'Cannot read the noise rule at n.yaml:1: `order` can only be any',
  ],
  [
    '- {in: response, path: body.a, tolerance: -1, because: x}',
    'Cannot read the noise rule at n.yaml:1: `tolerance` is neither a number nor a percentage, such as 0.01 or 5%',
  ],
  [
    '- {in: response, path: body.a, one-of: [], because: x}',
    'Cannot read the noise rule at n.yaml:1: `one-of` is not a list of texts, numbers, true, false or null',
  ],
  [
    '- {in: response, path: body.a, matches: "(", because: x}',
    'Cannot read the noise rule at n.yaml:1: `matches` is no regular expression that RE2 reads: missing closing ): `(`',
  ],
  [
    '- {in: response, path: body.a, order: any, tolerance: 1, because: x}',
    'Cannot read the noise rule at n.yaml:1: it has both `order` and `tolerance`: write two rules',
  ],
  [
    '- {in: request, path: body.a, order: any, because: x}',
    'Cannot read the noise rule at n.yaml:1: `order` is for answers, and the rule is about requests',
  ],
  [
    '- {in: response, path: body.a, oneof: [a], because: x}',
    'Cannot read the noise rule at n.yaml:1: the key "oneof" is unknown; did you mean `one-of`?',
  ],
])('refuses %j', (text, message) => {
  expect(refusal(text)).toBe(message);
});

it('refuses what is no YAML, naming the line', () => {
  expect(refusal('- {in: response\n- x')).toMatch(/^Cannot read the noise rule at n\.yaml:\d+: it is not YAML: /);
});

it('finds the rule for a place, structurally', () => {
  const rules = parseNoiseRules(
    '- {in: response, path: "header.date", because: x}\n- {in: response, path: "body.**.at", because: y}',
    'n.yaml',
  );
  const [stored] = storedExchanges({});
  const differs = { kind: 'changed', expected: 1, actual: 2 };
  const found = (path: string) =>
    stored &&
    ruleFor(rules, { in: 'response', path: parsePath(path), subject: subjectOf(stored.exchange), differs })?.name;
  expect(found('header["date"]')).toBe('n.yaml:1');
  expect(found('header["x-date"]')).toBeUndefined();
  expect(found('body.at')).toBe('n.yaml:2');
  expect(found('body.a[3].at')).toBe('n.yaml:2');
  expect(found('body.cat')).toBeUndefined();
});

it.each([
  ['- { in: response, path: body.items[*].at, because: "clock" }', 'body.items[*].at'],
  ['- { in: response, path: header["set-cookie"][1], because: "a, b: c" } # why', 'header["set-cookie"][1]'],
  ['- {path: body["odd, key"], in: response, because: x}', 'body["odd, key"]'],
  ['- { in: response, because: x, path: body.a }', 'body.a'],
  ['- { in: response, because: x, path: "body.a[0]" }', 'body.a[0]'],
])('takes the path of %s without quotes', (text, path) => {
  expect(parseNoiseRules(text, 'n.yaml').map((rule) => rule.pathText)).toEqual([path]);
});

it('reads rules about whole calls, which have a match and no place', () => {
  const [rule] = parseNoiseRules('- { in: call, match: "POST auth:8443/token", because: cached }', 'n.yaml');
  expect(rule).toMatchObject({ in: 'call', path: [], allows: { kind: 'anything' } });
  expect(refusal('- { in: call, because: x }')).toBe('Cannot read the noise rule at n.yaml:1: `match` is missing');
  expect(refusal('- { in: call, match: "GET a/b", path: body.a, because: x }')).toBe(
    'Cannot read the noise rule at n.yaml:1: `path` is for places, and the rule is about whole calls: for a place in one write `in: request`',
  );
  expect(refusal('- { in: call, match: "GET a/b", tolerance: 1, because: x }')).toMatch(/`tolerance` is for places/);
});
