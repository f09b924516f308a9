import { createRedactor } from '../../../../tape/redact/redactor';

const { redactCommand } = createRedactor({ key: Buffer.alloc(32, 7) });
const secret = 'tr0ub4dor-3x';
const placeholder = (redactCommand([`--password=${secret}`])[0] ?? '').slice('--password='.length);

it.each([
  ['node server.js --db-password=<>'],
  ['node server.js --token <> --port 8080'],
  ['node server.js -password <>'],
  ['env X_TOKEN=<> DB_PASSWORD=<> node server.js'],
  ['server --database-url postgres://app:<>@db:5432/x'],
  ['server --url=https://api.test/?access_token=<>'],
  ['curl -u ada:<> https://api.test/'],
  ['curl --user ada:<> https://api.test/'],
  ['/usr/bin/mysql -uroot -p<> shop'],
  ['sshpass -p <> ssh host'],
  ['curl -uada:<> https://api.test/'],
  ['curl --user=ada:<> https://api.test/'],
  ['sshpass -p<> ssh host'],
  ['redis-cli -a<> ping'],
  ['redis-cli -a <> ping'],
  ['dufs /srv --auth ada:<> --port 80'],
  ['server --basic-auth=ada:<> -credentials bob:<>'],
])('takes the secret out of: %s', (line) => {
  const words = line.replaceAll('<>', secret).split(' ');
  expect(redactCommand(words).join(' ')).toBe(line.replaceAll('<>', placeholder));
});

it.each([
  [['curl', '-H', 'Authorization: Bearer <>', 'https://api.test/']],
  [['sh', '-c', 'sleep 20 # --db-password=<>']],
  [['sh', '-c', 'DB_PASSWORD=\'<>\' exec node server.js --token "<>"']],
  [['bash', '-c', "sh -c 'mysql -p<> shop' && sshpass -p <> ssh host"]],
])('takes the secret out of words of several words: %j', (template) => {
  const words = template.map((word) => word.replaceAll('<>', secret));
  expect(redactCommand(words)).toEqual(template.map((word) => word.replaceAll('<>', placeholder)));
});

it('takes a secret with blanks whole, and keys of known formats anywhere', () => {
  const key = `ghp_${'a1B2'.repeat(9)}`;
  const clean = redactCommand(['run', '--password=my long secret', '--password', 'my long secret', key, `x ${key} y`]);
  expect(clean.join('\n')).not.toMatch(/my long|secret|a1B2/);
  expect(clean[1]).toBe(`--password=${clean[2 + 1]}`);
});

it.each([
  'node server.js --port 8080 --verbose',
  'server --password-file /run/secrets/db --token-type bearer',
  'server --auth none --auth=basic --auth http://idp.test/login',
  'server --use-token true --token $TOKEN --password --next',
  'sh -c "echo  two   blanks"',
  "python3 -c 'print(\"it''s\")'",
])('leaves as it is: %s', (line) => {
  expect(redactCommand([line])).toEqual([line]);
  expect(redactCommand(line.split(' ')).join(' ')).toBe(line);
});

it('is remembered by a recording: what a command was given is taken from its traffic', () => {
  const recorder = createRedactor({ key: Buffer.alloc(32, 7), remember: true });
  recorder.redactCommand(['server', `--session-secret=${'Xk29fLm3'.repeat(2)}`]);
  const { response } = recorder.redactResponse({
    version: '1.1',
    status: 200,
    reason: 'OK',
    headers: [['X-Debug', `config ${'Xk29fLm3'.repeat(2)} loaded`]],
    body: { bytes: Buffer.alloc(0), codings: [], wireSize: 0 },
    trailers: [],
    informational: [],
    startedAtUs: 0,
    endedAtUs: 0,
  });
  expect(response.headers[0]?.[1]).not.toContain('Xk29fLm3');
});
