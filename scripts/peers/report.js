/** What a run of the peers came to: the table on stdout and in docs/peers.json and README.md. */
const fs = require('node:fs');
const path = require('node:path');
const { versionsOf } = require('../version-in');
const { folder } = require('./install');
const { tableOf, withTable } = require('./table');

const root = path.resolve(__dirname, '../..');
const recordFile = path.join(root, 'docs/peers.json');
const resultsFile = path.join(folder, 'results.jsonl');

/** Before a run: what an earlier one left is not taken for its results. */
function forgetResults() {
  fs.rmSync(resultsFile, { force: true });
}

/**
 * @param {{ isWhole: boolean }} run `isWhole`: all were asked for: what is not among them is gone from the record; else
 * what was run takes the place of what the record has of it
 */
function reportPeers({ isWhole }) {
  if (!fs.existsSync(resultsFile)) return;
  const rows = fs
    .readFileSync(resultsFile, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const [pairs = [], files = []] = ['pair', 'export'].map((kind) =>
    rows.filter((row) => row.kind === kind).map(({ kind: _, ...row }) => row),
  );
  const before = isWhole ? { pairs: [], exports: [] } : JSON.parse(fs.readFileSync(recordFile, 'utf8'));
  const record = {
    on: new Date().toISOString().slice(0, 10),
    versions: versions(),
    pairs: newest([...before.pairs, ...pairs], ({ protocol, server, client, tls }) => [protocol, server, client, tls]),
    exports: newest([...before.exports, ...files], ({ format, tool }) => [format, tool]),
  };
  fs.writeFileSync(recordFile, `${JSON.stringify(record, null, 2)}\n`);
  const readme = path.join(root, 'README.md');
  fs.writeFileSync(readme, withTable(fs.readFileSync(readme, 'utf8'), tableOf(record)));
  process.stdout.write(`\n${tableOf(record)}\n\ndocs/peers.json and README.md say so\n`);
}

/** The last row of each kind, in the order in which the kinds came first. @param {readonly any[]} rows @param {(row: any) => unknown} kindOf */
function newest(rows, kindOf) {
  return [...new Map(rows.map((row) => [JSON.stringify(kindOf(row)), row])).values()];
}

/** @returns {Record<string, string>} */
function versions() {
  const python = path.join(folder, 'python/bin/python');
  const goProgram = path.join(folder, 'bin/go-peer');
  /** @type {Record<string, readonly string[]>} */
  const asked = {
    'Node.js': ['node', '--version'],
    curl: ['curl', '--version'],
    nginx: ['sh', '-c', 'nginx -v 2>&1'],
    nghttpd: ['nghttpd', '--version'],
    caddy: ['caddy', 'version'],
    Python: [python, '--version'],
    ...Object.fromEntries(
      ['uvicorn', 'hypercorn', 'grpcio', 'httpx', 'websockets'].map((name) => [name, ofPython(python, name)]),
    ),
    Go: ['go', 'version', goProgram],
    ...Object.fromEntries(
      ['google.golang.org/grpc', 'github.com/coder/websocket'].map((name) => [
        name.split('/').slice(-2).join('/'),
        ofGo(goProgram, name),
      ]),
    ),
    Java: ['java', '-version'],
    ...ofJava(),
    k6: [path.join(folder, 'bin/k6'), 'version'],
    Hurl: [path.join(folder, 'bin/hurl'), '--version'],
  };
  return versionsOf(asked);
}

/** @param {string} python @param {string} name */
const ofPython = (python, name) => [python, '-c', `import importlib.metadata as m; print(m.version('${name}'))`];

/** @param {string} program @param {string} name */
const ofGo = (program, name) => ['sh', '-c', `go version -m ${program} | grep 'dep.*${name}'`];

/** @returns {Record<string, readonly string[]>} */
function ofJava() {
  const pom = path.join(root, 'scripts/peers/java/pom.xml');
  const named = /** @type {const} */ ([
    ['grpc-java', 'grpc-netty-shaded'],
    ['Netty', 'netty-codec-http2'],
    ['WireMock', 'wiremock-standalone'],
  ]);
  return Object.fromEntries(named.map(([name, artifact]) => [name, ['grep', `<artifactId>${artifact}<`, pom]]));
}

module.exports = { forgetResults, reportPeers };
