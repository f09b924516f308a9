/** docs/redaction.md against the rules themselves. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kindOfName } from '../../../../tape/redact/names';
import { builtInRules } from '../../../../tape/redact/redactor';
import { parseRedactionRules } from '../../../../tape/redact/rules-file';

const page = readFileSync(join(__dirname, '../../../../docs/redaction.md'), 'utf8');
const section = (title: string) => page.split(/^## /m).find((part) => part.startsWith(title)) ?? '';

it('names every built-in rule, and no other', () => {
  const byPlace = [...section('Rules that go by names').matchAll(/^\| `([\w-]+)`/gm)].map(([, rule]) => rule);
  const byLooks = [...(section('Rules that go by looks').split('\n\n')[2] ?? '').matchAll(/`([\w-]+)`/g)].map(
    ([, rule]) => rule,
  );
  expect([...byPlace, ...byLooks]).toEqual(builtInRules);
});

it('tells secret names from innocent ones as the rules do', () => {
  const names = section('Rules that go by names').split('Names are compared')[1] ?? '';
  const [secret = '', rest = ''] = names.split('by themselves.');
  const [innocent = ''] = rest.split(/are\s+innocent/);
  expect(innocent).not.toBe(rest);
  const quoted = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '');
  const modifiers = ['key', 'api', 'private', 'access', 'signing', 'encryption', 'session', 'shared'];
  expect(quoted(secret).filter((name) => !modifiers.includes(name) && kindOfName(name) === null)).toEqual([]);
  expect(modifiers.slice(1).filter((name) => kindOfName(`${name}_key`) === null)).toEqual([]);
  expect(quoted(innocent).filter((name) => kindOfName(name) !== null)).toEqual([]);
});

it('shows rules that can be used as they stand', () => {
  const yaml = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  expect(parseRedactionRules(yaml, 'rules.yaml')).toHaveLength(5);
});
