/**
 * `npm run demo`: the main job from end to end, each step with the command a user would type. Every claim is checked;
 * where one does not hold, the demo says which and ends with status 1. Status 3: this machine does not let it record.
 *
 *   node scripts/demo/main.js [FOLDER]     default build/demo, which is made anew; another folder must be new or empty
 */
const fs = require('node:fs');
const path = require('node:path');
const { Surprise, check, endAll, print, project, root, step, type, typeInBackground } = require('./stage');

const tape = path.join(project, 'shop.tape');
const password = 'correct horse battery';
const json = "-H 'content-type: application/json'";

async function main() {
  process.env.PATH = `${path.join(root, 'bin')}:${process.env.PATH}`;
  process.env.NO_COLOR = '1';
  delete process.env.WIRETAPE_TARGET;
  say('A shop of two HTTPS services, orders and payments, is recorded, tested and mocked.');
  say(`Everything happens in ${path.relative(root, project)}, with wiretape on the PATH.`);
  await canRecord();
  makeProject();
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
  if (project === path.join(root, 'build/demo')) fs.rmSync(project, { recursive: true, force: true });
  else if (fs.existsSync(project) && fs.readdirSync(project).length > 0) {
    throw new Unable(`${project} is not empty: name a folder that is, or none`);
  }
  fs.mkdirSync(path.join(project, 'node_modules/.bin'), { recursive: true });
  for (const name of ['orders', 'payments', 'service.js', 'client.js', 'certificates.js']) {
    fs.cpSync(path.join(root, 'fixtures/apps', name), path.join(project, name), { recursive: true });
  }
  fs.writeFileSync(path.join(project, 'package.json'), '{ "name": "shop", "private": true }\n');
  fs.symlinkSync(root, path.join(project, 'node_modules/wiretape'));
  fs.symlinkSync(path.join(root, 'node_modules/.bin/jest'), path.join(project, 'node_modules/.bin/jest'));
}

async function canRecord() {
  step('May this machine record?', 'Recording needs Linux with BTF, and root or the capabilities that doctor names.');
  const { status, stdout } = await type('wiretape doctor --json', { lines: 0 });
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
  print(output.slice(output.indexOf('\n') + 1));
  check(status === 0, 'the recorder flushed its tape and went');
}

async function look() {
  step('What is on the tape');
  await type('wiretape ls shop.tape');
  const { stdout } = await type('wiretape ls shop.tape --json', { lines: 0 });
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
  const orders = exchanges.filter(({ direction, path: asked }) => direction === 'inbound' && /^\/orders/.test(asked));
  const calls = exchanges.filter(({ direction }) => direction === 'outbound');
  const isCaused = calls.every(({ cause }) => orders.some(({ id }) => id === cause?.id));
  check(isCaused, 'each call knows the request that caused it');
  await lookForSecrets(exchanges.filter(({ path: asked }) => /^\/(users|sessions)$/.test(asked)));
}

/** Bodies are compressed on the tape, so its bytes alone would prove little. @param {readonly { id: string }[]} exchanges */
async function lookForSecrets(exchanges) {
  const cookie = read('cookies.txt').trim().split(/\s+/).at(-1) ?? '';
  const secrets = [password, cookie, JSON.parse(read('session.json')).token];
  const shown = [];
  for (const [i, { id }] of exchanges.entries()) {
    const { stdout } = await type(`wiretape show shop.tape ${id}`, { lines: i === exchanges.length - 1 ? 60 : 0 });
    shown.push(stdout);
  }
  const texts = [...shown, read('shop.tape')];
  check(
    !secrets.some((secret) => texts.some((text) => text.includes(secret))),
    'passwords, tokens and cookies are not on it',
  );
}

/** @param {string} file */
function read(file) {
  return fs.readFileSync(path.join(project, file), 'latin1');
}

/** @param {Awaited<ReturnType<typeof startShop>>} shop */
async function stopShop({ payments, orders }) {
  step('The shop is stopped', 'From here on there are no payments and no database: only the tape.');
  say('   $ kill %1 %2');
  await orders.stop();
  await payments.stop();
  const { status } = await type('curl -sS --max-time 5 $PAYMENTS_URL/health');
  check(status === 7, 'nothing answers for payments any more');
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
  await type('head -n 40 test/wiretape/endpoints/orders.js');
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
  const jest = await type('npx jest', { lines: 44 });
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
