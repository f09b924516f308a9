/** What goes by names and neighbours takes linear time, too, also where most of it begins and nothing ends. */
import { loginSecrets } from '../../../../tape/redact/raw-logins';
import { expectLinear, KiB, type Message, MiB, repeat, text } from '../../../support/linear';

const json = 'application/json';
const yaml = 'application/yaml';
const list = (unit: string) => (size: number) => ({ type: json, body: `[${repeat(`${unit},`, size)}0]` });
const open = (unit: string) => (size: number) => ({ type: json, body: repeat(unit, size) });
const lines = (unit: string) => (size: number) => ({ type: yaml, body: repeat(`${unit}\n`, size) });

it.each<[string, (size: number) => Message, most: number]>([
  ['pairs', list('["password","x1"]'), 4],
  ['pairs of pairs', (size) => ({ type: json, body: `{"a":[${repeat('["password","x1"],', size)}[]]}` }), 4],
  ['tables of one row', list('[["a","password"],["b","c1"]]'), 2],
  ['tables by columns', list('{"rows":[["b","c1"]],"columns":["a","password"]}'), 2],
  [
    'one long table',
    (size) => ({ type: json, body: `{"rows":[${repeat('["b","c1"],', size)}[]],"columns":["a","password"]}` }),
    2,
  ],
  [
    'a table of many columns',
    (size) => ({ type: json, body: `{"columns":[${repeat('"password",', size)}"x"],"rows":[["x1"]]}` }),
    4,
  ],
  ['lists in lists', open('[["password",'), 4],
  ['schemas in schemas', open('{"schema":'), 4],
  [
    'schemas with many lists',
    (size) => ({ type: json, body: `${'{"schema":'.repeat(5000)}{${repeat('"columns":["password"],', size)}` }),
    2,
  ],
  ['names in names', open('{"columns":[{"name":"password","fields":['), 2],
  ['GraphQL', list('{"query":"{login(p:$p,password:$b)}","variables":{"p":"x1","b":"y2"}}'), 2],
  [
    'a long document',
    (size) => ({ type: json, body: `{"query":"${repeat('password:$p ', size)}","variables":{"p":"x1"}}` }),
    2,
  ],
  ['a document of one word', (size) => ({ type: json, body: `{"query":"$password${repeat('a', size)}"}` }), 16],
  ['log-ins', list('{"method":"login","params":{"u":"a","p":"b1"}}'), 2],
  ['credentials in credentials', open('{"credentials":{"p":'), 2],
  ['patches', list('{"op":"add","path":"/password","value":"x1"}'), 2],
  ['an object of values', (size) => ({ type: json, body: `{${repeat('"value":"x1",', size)}"name":"password"}` }), 4],
  [
    'headers one after another',
    (size) => ({ type: json, body: `{"rawHeaders":[${repeat('"X-Api-Key","x1",', size)}0]}` }),
    2,
  ],
  ['blocks of YAML', lines('password: |\n  x1'), 4],
  ['a long block', (size) => ({ type: yaml, body: `password: |\n${repeat('  x1\n', size)}` }), 4],
  ['a block of blank lines', (size) => ({ type: yaml, body: `password: |\n${repeat('\n', size)}` }), 16],
  ['blocks that are empty', lines('password: |'), 4],
  ['names one below another', lines('password:'), 4],
  [
    'names ever deeper',
    (size) => ({
      type: yaml,
      body: Array.from({ length: Math.sqrt(size) }, (_, i) => `${' '.repeat(i)}password:\n`).join(''),
    }),
    4,
  ],
  ['lists below names', lines('password:\n  - x1\n  - y2'), 4],
  ['a list without an end', (size) => ({ type: yaml, body: `password:\n${repeat('  - x1\n', size)}` }), 4],
  ['anchors', lines('password: &a &b !c'), 4],
  ['pairs of YAML', lines('- name: password\n  value: x1'), 4],
  ['insertions', text("INSERT INTO t (a, password) VALUES ('x', 'y1'); "), 4],
  [
    'an insertion of many rows',
    (size) => ({ body: `INSERT INTO t (a, password) VALUES ${repeat("('x', 'y1'), ", size)}` }),
    4,
  ],
  ['insertions without an end', text('INSERT INTO t (password, '), 4],
  ['rows without an end', text("INSERT INTO t (password) VALUES ('x"), 4],
  ['clauses without values', text("IDENTIFIED WITH x BY PASSWORD '"), 4],
  ['log-ins of machines', text('login password '), 4],
  ['sentences without a code', text('your verification code is '), 4],
  ['sentences with a code', text('your verification code is 123456. '), 4],
  ['codes without a sentence', text('123456 is your code '), 4],
  ['words before a code', text('your new your old your '), 4],
  ['tags before a code', text('your code is <b<b'), 4],
  ['a call', (size) => ({ type: 'text/javascript', body: `cb([${repeat('"password",', size)}0]);` }), 4],
  [
    'UTF-16',
    (size) => ({
      type: json,
      body: Buffer.from(`\ufeff[${repeat('{"password":"x1"},', size / 2)}0]`, 'utf16le').toString('latin1'),
    }),
    2,
  ],
])('%s', (_, message, most) => {
  expectLinear(message, 64 * KiB, 512 * KiB);
  if (most > 4) expectLinear(message, MiB, most * MiB);
});

it.each([
  'AUTH ',
  'AUTH PLAIN\r\n',
  'AUTH PLAIN\r\nabcd\r\n',
  'HELLO 3 AUTH a ',
  'a LOGIN "',
  'PASS \r\n',
  '$4\r\nAUTH\r\n$1\r\na\r\n',
  'a',
])('log-ins of protocols of lines: %j', (unit) => {
  loginSecrets(repeat(unit, 4 * MiB), () => 'x'); // jest's own limit is the judge
});
