/** Notations in which text names its secrets. */
import { bodyMarked } from '../../../support/redacting';

it.each<[string, string, string]>([
  ['YAML in flow style', 'application/yaml', 'db: {user: app, password: <>, port: 5432}\n'],
  ['YAML in flow style, first', 'text/plain', 'use {api_key: <>}'],
  ['an input of its type', 'text/html', '<form><input type="password" name="p" value="<>"></form>'],
  ['an input with its value first', 'text/html', '<input value="<>" class="x" type=password>'],
  ['an option', 'text/plain', 'run: tool --user app --password <> --force\n'],
  ['a quoted option', 'text/plain', "tool --db-password '<>' -v"],
  ['curl', 'text/plain', 'curl -sS -u app:<> https://a.test/x'],
  ['curl, quoted', 'text/markdown', '    curl https://a.test/ --user "app:<>" -X POST'],
  ['a table', 'text/csv', 'id,name,password\n1,Jane,<>\n2,Joe,<>\n'],
  ['a table with quotes', 'text/csv', '"id";"api key";"n"\r\n"1";"<>";"a;b"\r\n2;<>;3\r\n'],
  ['a table of tabs', 'text/tab-separated-values', 'otpCode\tid\n<>\t1\n<>\t2'],
])('are read: %s', (_, type, template) => {
  expect(bodyMarked(type, template.replaceAll('<>', 'tr0ub4dor-and-3'))).toBe(template);
});

it.each([
  ['text/csv', 'id,name,passwordUpdatedAt\n1,Jane,2026-01-01\n'],
  ['text/plain', 'Dear password, of all,\nwords I know you best\n'],
  ['text/plain', 'tool --password --force'],
  ['text/plain', 'the password {hint: none} and {length: 8}'],
  ['text/plain', 'use curl, or -u me:you'],
  ['text/html', '<input type="text" value="x"> <label>password</label>'],
])('take nothing else along: %s %s', (type, text) => {
  expect(bodyMarked(type, text)).toBe(text);
});
