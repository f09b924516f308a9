/**
 * A Node.js service that gives every request the same answer from memory, so that a bench measures the runtime and not
 * the service. A second port, plain, says how many requests the first one has served.
 *
 *   answering-server.js FILE [CERT KEY]     prints "listening PORT STATUS_PORT"; over TLS where a certificate is given
 */
const { readFileSync } = require('node:fs');
const http = require('node:http');
const https = require('node:https');

const [file = '', cert, key] = process.argv.slice(2);
const body = readFileSync(file);
let served = 0;

/** @type {http.RequestListener} */
function answer(_request, response) {
  served++;
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}

const secure = cert !== undefined && key !== undefined;
const server = secure
  ? https.createServer({ cert: readFileSync(cert), key: readFileSync(key) }, answer)
  : http.createServer(answer);
const status = http.createServer((_request, response) => response.end(String(served)));
const portOf = (/** @type {http.Server} */ one) => /** @type {import('node:net').AddressInfo} */ (one.address()).port;

status.listen(0, '127.0.0.1', () => {
  server.listen(0, '127.0.0.1', 512, () => console.log('listening', portOf(server), portOf(status)));
});
