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
  ['a block of YAML', 'application/yaml', 'a: 1\npassword: |\n  <>\n\n  <>\nb: 2\n'],
  ['a folded block within a list', 'text/plain', 'users:\n  - name: ann\n    apiKey: >-\n      <>\n  - name: bob\n'],
  ['a block in JSON', 'text/x-yaml', 'config: 1\r\nsecret: |2-  # a comment\r\n    <>\r\nb: 2\r\n'],
  ['a value on the line below', 'application/yaml', 'password:\n  <>\nn: 1\n'],
  ['a list of values', 'text/plain', 'tokens: 2\napi_keys:\n  - <>\n  - "<>"\n- not this1\n'],
  ['a value behind a tag and an anchor', 'text/plain', 'password: !!str &p <>\nb: *p\n'],
  ['a member that holds the value', 'application/yaml', 'password:\n  value: <>\n  type: x1\n'],
  ['a pair of YAML', 'text/plain', 'env:\n  - name: DB_PASSWORD\n    value: "<>"\n  - name: PORT\n    value: 17\n'],
  ['SQL', 'text/plain', "CREATE USER app IDENTIFIED BY '<>'; ALTER ROLE app WITH PASSWORD '<>';"],
  ['SQL of one vendor', 'text/plain', "SET PASSWORD FOR 'a'@'%' = PASSWORD('<>')"],
  [
    'an insertion',
    'application/sql',
    "INSERT INTO users (id, name, password) VALUES (1, 'O''Hara, (x)', '<>'), (2, lower('B'), '<>');",
  ],
  ['netrc', 'text/plain', 'machine a.test login bob password <>'],
  ['TOML', 'application/toml', 'user = "a"\npassword = """<>"""\n'],
  ['a sentence', 'text/plain', 'Hello Ann,\nyour new password is <>.\nBye'],
  ['a sentence about somebody', 'text/plain', 'Password for bob@a.test is "<>"'],
  ['a call', 'application/javascript', '/**/cb({"a":1,"password":"<>"});'],
  ['what is put under a name', 'text/javascript', 'window.__STATE__ = {"a":1,"password":"<>"};\n'],
  ['an attribute that holds JSON', 'text/html', '<a data-x="{&quot;n&quot;:1,&quot;password&quot;:&quot;<>&quot;}">'],
  [
    'the same, by numbers',
    'text/html',
    '<a data-x="{&#34;password&#34;: &#34;<>&#34;}" b="{&#x22;otp&#x22;:&#x22;<>&#x22;}">',
  ],
  [
    'the same, encoded twice',
    'application/xml',
    '<a>&lt;b c="{&amp;quot;password&amp;quot;:&amp;quot;<>&amp;quot;}"></a>',
  ],
  ['a URL that holds JSON', 'text/plain', 'GET /x?q=%7B%22n%22%3A1%2C%22password%22%3A%22<>%22%7D HTTP/1.1'],
  ['a URL that holds JSON, in JSON', 'application/json', '{"next":"https://a.test/?q=%7b%22pin%22%3a%22<>%22%7d"}'],
  ['a hash of Ruby', 'text/plain', 'Parameters: {:user=>"ann", :password=>"<>"}'],
  ['a map of Go', 'text/plain', 'got map[password:<> user:ann], and map[user:ann password:<>]'],
  ['a map of Go, in JSON', 'application/json', '{"msg":"got map[apiToken:<> user:ann]"}'],
  ['pairs of XML', 'application/xml', '<param><name>password</name><value><></value></param>'],
  ['XML-RPC', 'text/xml', '<member><name>password</name>\n  <value><string><></string></value></member>'],
  ['a property list', 'text/xml', '<dict><key>apiToken</key>\n<string><></string></dict>'],
  ['markup in markup', 'application/xml', '<a>&lt;x:password type="t"&gt;<>&lt;/x:password&gt;</a>'],
  ['markup in markup, twice', 'text/xml', '<a>&amp;lt;password&amp;gt;<>&amp;lt;/password&amp;gt;</a>'],
  ['an element around the value', 'text/xml', '<password><value><></value></password>'],
  ['a value behind a remark', 'text/xml', '<password><!-- old -->\n<></password>'],
  ['a setting of XML', 'text/xml', '<property name="db.password"><></property><property name="n">1</property>'],
  ['a setting in CDATA', 'text/xml', '<string translatable="false" name="api_key"><![CDATA[<>]]></string>'],
  ['parameters of a stack', 'application/json', '{"Parameters":[{"ParameterKey":"DbPassword","ParameterValue":"<>"}]}'],
])('are read: %s', (_, type, template) => {
  expect(bodyMarked(type, template.replaceAll('<>', 'tr0ub4dor-and-3'))).toBe(template);
});

it('read values of several words where the text says that it is YAML', () => {
  const text = (secret: string) => `db:\n  password: ${secret} # old\n  port: 1\n`;
  expect(bodyMarked('application/yaml', text('correct horse battery'))).toBe(text('<>'));
  expect(bodyMarked('text/plain', text('correct horse battery'))).toBe(text('correct horse battery'));
});

it.each([
  ['Your verification code is <>.', '483920'],
  ['Your Acme Shop code is: <b><></b>', '483920'],
  ['<> is your Acme login code', '483920'],
  ['G-<> is your verification code.', '483920'],
  ['Use the one-time passcode: <>', '48 3920'.replace(' ', '')],
  ['Verification Code:\r\n\r\n  <>', '483-920'],
])('read the code that a message tells: %s', (template, code) => {
  const text = template.replace('<>', code);
  for (const seen of [
    bodyMarked('text/plain', text),
    JSON.parse(bodyMarked('application/json', JSON.stringify({ to: '+1', message: text }))).message as string,
    new URLSearchParams(
      bodyMarked('application/x-www-form-urlencoded', String(new URLSearchParams({ To: '1', Body: text }))),
    ).get('Body') ?? '',
  ])
    expect(seen.replace('G-<>', '<>')).toBe(template.replace('G-<>', '<>'));
});

it.each([
  ['text/plain', 'Your promo code is SAVE2024, your zip code is 90210, the error code is 40413.'],
  ['text/plain', 'Your password is too short: 8 characters; your code is 6-digit.'],
  ['text/plain', 'Your discount code: 12345678'],
  ['text/plain', 'status code is 50012 and 12345 is your order code'],
  ['application/yaml', 'password:\n  type: string1\n  minLength: 8\n'],
  ['application/yaml', 'tokenType: |\n  x1\npassword: |\nb: 2\n'],
  ['text/plain', 'password:\n  required\n'],
  ['text/plain', 'function pbkdf2(\n  password: BinaryLike,\n  salt: BinaryLike,\n)'],
  ['application/yaml', 'permissions:\n  id-token: write # for OIDC\n  contents: read\n'],
  ['text/plain', '- password:\n- other17\n'],
  ['text/plain', "Unexpected token '<'; password 'must' be set; identified by the user's id"],
  ['text/plain', "INSERT INTO users (id, name) VALUES (1, 'x1')"],
  ['application/javascript', 'login({"password":"x1y2z3"}, go); password = "x1y2z3"'],
  ['text/csv', 'id,name,passwordUpdatedAt\n1,Jane,2026-01-01\n'],
  ['text/plain', 'Dear password, of all,\nwords I know you best\n'],
  ['text/plain', 'tool --password --force'],
  ['text/plain', 'the password {hint: none} and {length: 8}'],
  ['text/plain', 'use curl, or -u me:you'],
  ['text/html', '<input type="text" value="x"> <label>password</label>'],
])('take nothing else along: %s %s', (type, text) => {
  expect(bodyMarked(type, text)).toBe(text);
});

it.each<[string, string, string]>([
  ['of settings', 'text/plain', 'A=1\nDB_PASSWORD=<>\nB=2\n'],
  ['of text', 'text/plain', 'a: 1\npassword: <>\nb: 2\n'],
  ['under a name of several words', 'text/plain', 'spring.datasource.password: <>\n'],
  ['under a name of several words in YAML', 'application/yaml', 'a: 1\nspring.datasource.password: <>\n'],
])('are read to the end of a line %s', (_, type, template) => {
  for (const secret of ['a1,b2c3', 'a1]b2c3', 'tr0ub4dor', 'a1(b2)c3'])
    expect(bodyMarked(type, template.replace('<>', secret))).toBe(template);
});

it.each<[string, string, string]>([
  ['a bracket', 'text/xml', '<password>a1]b2c3</password>'],
  ['markup in CDATA', 'text/xml', '<password><![CDATA[a1<b2]c3]]></password>'],
  ['a quote', 'text/plain', 'DB_PASSWORD="a1\\"b2c3"\n'],
  ['a quote of one stroke', 'text/plain', "{'password': 'a1\\'b2c3'}"],
  ['a quote in JSON in a string that is cut', 'text/plain', 'got {\\"password\\":\\"a1\\\\\\"b2c3\\"}'],
  ['a quote in an attribute', 'text/html', '<a data-x="{&quot;password&quot;:&quot;a1\\&quot;b2c3&quot;}">'],
  ['a quote in SQL', 'text/plain', "CREATE USER a IDENTIFIED BY 'a1''b2c3'"],
  ['a quote behind a backslash in SQL', 'text/plain', "ALTER ROLE a PASSWORD 'a1\\'b2c3'"],
  ['a quote in an assignment of SQL', 'text/plain', "UPDATE u SET password='a1''b2c3' WHERE n=1"],
  ['a quote in YAML', 'application/yaml', "password: 'a1''b2c3'\n"],
  ['a quote in a command', 'text/plain', 'curl -u "ann:a1\\"b2c3" https://a.test'],
  ['a quote in an option', 'text/plain', 'tool --password "a1\\"b2c3" -v'],
  ['a bracket in an attribute', 'text/html', '<input name="password" value="a1>b2<c3">'],
  ['a quote in a URL', 'application/json', JSON.stringify({ url: 'postgres://ann:a1"b2<c3@db.test/x' })],
  [
    'a quote in GraphQL',
    'application/json',
    JSON.stringify({ query: 'mutation { login(password: "a1\\"b2c3") { id } }' }),
  ],
])('are read to the end of a value that holds %s', (_, type, text) => {
  expect(bodyMarked(type, text)).not.toContain('b2');
  expect(bodyMarked(type, text)).not.toContain('c3');
});

it('end with their quote behind a backslash that is escaped itself', () => {
  expect(bodyMarked('text/plain', 'password="a1b2\\\\" user="ann"')).toBe('password="<>" user="ann"');
});

it.each([
  ['CREATE USER a IDENTIFIED BY "<>"', 'Oracle and MySQL'],
  ['curl -uann:<> https://a.test', 'curl without a blank'],
])('are read as %s writes them', (template) => {
  expect(bodyMarked('text/plain', template.replace('<>', 'tr0ub4dor-and-3'))).toBe(template);
});

it.each(['password: string[],\n', 'const password: Foo,\n', 'password=a\nnote=b, c\n'.replace('=a', '=')])(
  'take no code for a value: %j',
  (text) => {
    expect(bodyMarked('text/plain', text)).toBe(text);
  },
);
