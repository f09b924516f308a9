/** json-server on a copy of its own, so that every process begins with the same data. PORT says where; FILES is the folder it is installed in. */
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const folder = mkdtempSync(join(tmpdir(), 'wiretape-json-server-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit());

const posts = Array.from({ length: 12 }, (_, i) => ({
  id: i + 1,
  title: `Post ${i + 1}`,
  author: ['ada', 'bob'][i % 2],
  views: 10 * i,
}));
const comments = [
  { id: 1, body: 'first', postId: 1, at: '2026-01-31T10:00:00.000Z' },
  { id: 2, body: 'second', postId: 1, at: '2026-02-01T10:00:00.000Z' },
];
const file = join(folder, 'db.json');
writeFileSync(file, JSON.stringify({ posts, comments, profile: { name: 'shop', open: true } }));

const { PORT = '', FILES = '' } = process.env;
process.argv = [process.execPath, 'json-server', file, '--host', '127.0.0.1', '--port', PORT, '--quiet'];
require(join(FILES, 'node_modules/json-server/lib/cli/bin.js'));
