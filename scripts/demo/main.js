/**
 * `npm run demo`: the main job from end to end, each step with the command a user would type. Every claim is checked;
 * where one does not hold, the demo says which and ends with status 1. Status 3: this machine does not let it record.
 */
const fs = require('node:fs');
const path = require('node:path');
const { Surprise, check, endAll, project, root, step, type, typeInBackground } = require('./stage');

const tape = path.join(project, 'shop.tape');
const password = 'correct horse battery';
const json = "-H 'content-type: application/json'";

async function main() {
  makeProject();
  say('A shop of two HTTPS services, orders and payments, is recorded, tested and mocked.');
  say(`Everything happens in ${path.relative(process.cwd(), project) || '.'}, where wiretape is on the PATH.`);
  await canRecord();
  const shop = await startShop();
  await record(shop);
  await look();
  await stopShop(shop);
  const flags = `--ca tls/ca.pem --env 'PORT={port}' --env 'PAYMENTS_URL={mock:${shop.paymentsHost}}'`;
  await testSameBuild(flags);
  await generateAndRun(flags);
  await testBrokenBuild(flags);
  say(`\nDone in ${Math.round(process.uptime())} s. The tape and the suite are yours to look at:`);
  say(`  bin/wiretape ls ${path.relative(root, tape)}`);
  say(`  ${path.relative(root, path.join(project, 'test/wiretape'))}`);
}

/** A project as a user has one: the services, wiretape and jest installed. */
function makeProject() {
  fs.rmSync(project, { recursive: true, force: true });
  fs.mkdirSync(path.join(project, 'node_modules/.bin'), { recursive: true });
  fs.cpSync(path.join(root, 'fixtures/apps'), project, { recursive: true });
  fs.writeFileSync(path.join(project, 'package.json'), '{ "name": "shop", "private": true }\n');
  fs.symlinkSync(root, path.join(project, 'node_modules/wiretape'));
  fs.symlinkSync(path.join(root, 'node_modules/.bin/jest'), path.join(project, 'node_modules/.bin/jest'));
  process.env.PATH = `${path.join(root, 'bin')}:${process.env.PATH}`;
  process.env.NO_COLOR = '1';
  delete process.env.WIRETAPE_TARGET;
}

async function canRecord() {
  step('May this machine record?', 'Recording needs Linux with BTF, and root or the capabilities that doctor names.');
  const { status, stdout } = await type('wiretape doctor --json', { quiet: true });
  const { tier, checks } = JSON.parse(stdout);
  if (status !== 0) {
    const missing = checks.filter((/** @type {{ ok: boolean }} */ each) => !each.ok);
    for (const { name, found, remedy } of missing) say(`   no  ${name}: ${found}\n       do this: ${remedy}`);
    throw new Unable(
      'This machine does not let wiretape record, so there is nothing to show. See: bin/wiretape doctor',
    );
  }
  check(typeof tier === 'string', `it may, with the capture tier ${tier}`);
}

async function startShop() {
  step('The shop runs', 'Nobody has to change or restart it; wiretape is not involved yet.');
  await type('node certificates.js tls');
  use({
    TLS_CERT: 'tls/cert.pem',
    TLS_KEY: 'tls/key.pem',
    NODE_EXTRA_CA_CERTS: 'tls/ca.pem',
    CURL_CA_BUNDLE: 'tls/ca.pem',
  });
  const payments = await typeInBackground('node payments/server.js', { until: 'listening' });
  use({ PAYMENTS_URL: urlIn(payments.line) });
  const orders = await typeInBackground('node orders/server.js', { until: 'listening' });
  const url = urlIn(orders.line);
  return { payments, orders, url, port: new URL(url).port, paymentsHost: new URL(urlIn(payments.line)).host };
}

/** @param {Awaited<ReturnType<typeof startShop>>} shop */
async function record({ url, port }) {
  step('Record it', 'From the kernel and from the TLS library inside node: no proxy, no certificate, no restart.');
  const recorder = await typeInBackground(`wiretape record -o shop.tape --port ${port}`, { until: 'recording ' });
  const client = await type(`node client.js ${url} ada@example.com`);
  check(client.status === 0, 'a Node client signed up, signed in, ordered, read back and cancelled');
  const account = `-d '{"email":"grace@example.com","password":"${password}"}'`;
  await type(`curl -sS ${json} ${account} ${url}/users`);
  await type(`curl -sS ${json} ${account} -c cookies.txt -o session.json ${url}/sessions`);
  await type(`curl -sS ${json} -b cookies.txt -d '{"items":[{"sku":"cup-porcelain","quantity":4}]}' ${url}/orders`);
  const catalogue = await type(`curl -sS --compressed -o catalogue.json -w '%{http_code}' ${url}/catalogue`);
  check(catalogue.stdout === '200', 'and curl did so with a cookie, and asked for a compressed catalogue');
  say('   $ kill -INT %3');
  const { status, output } = await recorder.stop('SIGINT');
  for (const line of output.trimEnd().split('\n')) say(`   | ${line}`);
  check(status === 0, 'the recorder flushed its tape and went');
}

async function look() {
  step('What is on the tape');
  await type('wiretape ls shop.tape');
  const { stdout } = await type('wiretape ls shop.tape --json', { quiet: true });
  const exchanges = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const count = (/** @type {string} */ direction) => exchanges.filter((each) => each.direction === direction).length;
  check(count('inbound') === 14, 'the 14 requests that the shop was sent');
  check(count('outbound') === 5, 'the 5 calls that it made to payments meanwhile');
  check(
    exchanges.every(({ complete, tls }) => complete && tls !== null),
    'all of them complete, and read out of TLS',
  );
  const charge = exchanges.find(({ direction }) => direction === 'outbound');
  check(charge.cause !== null, 'each call knows the request that caused it');
  const secrets = [
    password,
    fs.readFileSync(path.join(project, 'cookies.txt'), 'latin1').trim().split(/\s+/).at(-1) ?? '',
  ];
  const bytes = fs.readFileSync(tape, 'latin1');
  check(!secrets.some((secret) => bytes.includes(secret)), 'neither the password nor the session is in the file');
}

/** @param {Awaited<ReturnType<typeof startShop>>} shop */
async function stopShop({ payments, orders }) {
  step('The shop is stopped', 'From here on there are no payments and no database: only the tape.');
  say('   $ kill %1 %2');
  await orders.stop();
  await payments.stop();
}

/** @param {string} flags */
async function testSameBuild(flags) {
  step('Test the same build against the tape', 'Mocks answer for payments; ids, tokens and cookies are carried along.');
  const { status, stdout } = await type(`wiretape test shop.tape ${flags} -- node orders/server.js`);
  check(status === 0 && /14 passed/.test(stdout), 'the 14 answers are as recorded');
}

/** @param {string} flags */
async function generateAndRun(flags) {
  step('Write it down as a Jest suite');
  const made = await type(
    `wiretape generate shop.tape --to jest --out test/wiretape ${flags} -- node orders/server.js`,
  );
  check(made.status === 0, 'the suite is written');
  const excerpt = fs.readFileSync(path.join(project, 'test/wiretape/endpoints/orders.js'), 'utf8').split('\n');
  for (const line of excerpt.slice(5, 30)) say(`   | ${line}`);
  const { status, output } = await type('npx jest');
  check(status === 0 && /Tests: +15 passed, 15 total/.test(output), 'plain jest runs it, and it is green');
}

/** @param {string} flags */
async function testBrokenBuild(flags) {
  step('The next build rounds VAT down', 'The regression is one word in one file.');
  await type('diff orders/server.js orders/server-next-broken.js');
  await type('cp orders/server-next-broken.js orders/server.js');
  const { status, stdout } = await type(`wiretape test shop.tape ${flags} -- node orders/server.js`);
  check(status === 1, 'wiretape test is red');
  check(/body\.vat\.amount\s+expected 415, got 414/.test(stdout), 'and names the field, with both values');
  const jest = await type('npx jest');
  check(
    jest.status === 1 && /body\.vat\.amount\s+expected 415, got 414/.test(jest.output),
    'the Jest suite is red too',
  );
  await type(`cp ${path.relative(project, path.join(root, 'fixtures/apps/orders/server.js'))} orders/server.js`);
}

/** Shows and sets variables for what is typed from now on. Paths are made absolute, as services may change their folder. @param {Record<string, string>} variables */
function use(variables) {
  for (const [name, value] of Object.entries(variables)) {
    const absolute = value.startsWith('tls/') ? path.join(project, value) : value;
    process.env[name] = absolute;
  }
  say(
    `   $ export ${Object.entries(variables)
      .map(([name, value]) => `${name}=${value.replace(/^tls\//, '$PWD/tls/')}`)
      .join(' ')}`,
  );
}

/** @param {string} line */
function urlIn(line) {
  return line.replace(/^listening /, '').trim();
}

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`);
}

/** The machine says no; nothing is wrong with wiretape. */
class Unable extends Error {}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
process.once('exit', endAll);
main().catch((error) => {
  if (!(error instanceof Surprise) && !(error instanceof Unable)) throw error;
  process.stderr.write(error instanceof Surprise ? `\nNOT AS TOLD  ${error.message}\n` : `\n${error.message}\n`);
  process.exit(error instanceof Surprise ? 1 : 3);
});
