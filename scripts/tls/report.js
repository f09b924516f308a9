/** What a run of the tests of TLS came to: the table in docs/tls.json and README.md. */
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { versionsOf } = require('../version-in');
const { joined, tableOf, withTable } = require('./table');

const root = path.resolve(__dirname, '../..');
const recordFile = path.join(root, 'docs/tls.json');

/**
 * Runs tests that note what they have seen read (test/support/tls-read.ts), and keeps it where all of them passed.
 * @template {{ status: number }} T
 * @param {{ by: string, isWhole: boolean }} run `by`: the command; `isWhole`: all of its tests were asked for
 * @param {(env: Record<string, string>) => Promise<T>} test
 * @returns {Promise<T>}
 */
async function reportingTls(run, test) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'wiretape-tls-'));
  const file = path.join(folder, 'results.jsonl');
  try {
    const result = await test({ WIRETAPE_TLS_RESULTS: file });
    if (result.status === 0 && fs.existsSync(file)) keep(rowsIn(file, run.by), run);
    return result;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} file @param {string} by @returns {readonly import('./table').HeldRow[]} */
function rowsIn(file, by) {
  const lines = fs.readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => ({ ...JSON.parse(line), by }));
}

/** @param {readonly import('./table').HeldRow[]} rows @param {{ by: string, isWhole: boolean }} run */
function keep(rows, run) {
  const before = fs.existsSync(recordFile) ? JSON.parse(fs.readFileSync(recordFile, 'utf8')).read : [];
  const record = { on: new Date().toISOString().slice(0, 10), versions: versions(), read: joined(before, rows, run) };
  fs.writeFileSync(recordFile, `${JSON.stringify(record, null, 2)}\n`);
  const readme = path.join(root, 'README.md');
  fs.writeFileSync(readme, withTable(fs.readFileSync(readme, 'utf8'), tableOf(record)));
  process.stdout.write(`\n${tableOf(record)}\n\ndocs/tls.json and README.md say so\n`);
}

function versions() {
  const packages = {
    GnuTLS: 'libgnutls28-dev',
    NSS: 'libnss3-dev',
    'Mbed TLS': 'libmbedtls-dev',
    wolfSSL: 'libwolfssl-dev',
    'BoringSSL of Android': 'android-boringssl',
  };
  const lock = (/** @type {string} */ app, /** @type {string} */ crate) => [
    ...['grep', '-A1', `name = "${crate}"`, path.join(root, 'fixtures/apps', app, 'Cargo.lock')],
  ];
  return versionsOf({
    OpenSSL: ['openssl', 'version'],
    nginx: ['sh', '-c', 'nginx -v 2>&1'],
    curl: ['curl', '--version'],
    'Node.js': ['node', '--version'],
    Python: ['python3', '--version'],
    Go: ['go', 'version'],
    ...Object.fromEntries(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own
      Object.entries(packages).map(([name, file]) => [name, ['dpkg-query', '-W', '-f', '${Version}', file]]),
    ),
    's2n-tls-sys': lock('s2n-echo', 's2n-tls-sys'),
    boring: lock('boring-echo', 'boring'),
    axum: lock('rustls-web', 'axum'),
    reqwest: lock('rustls-web', 'reqwest'),
  });
}

module.exports = { reportingTls };
