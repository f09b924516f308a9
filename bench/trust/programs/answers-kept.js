/**
 * Starts a service on a port of its own and stands in front of it: every request is passed on, and its answer kept as a line of
 * JSON, with the times at which both were whole.   node answers-kept.js FILE COMMAND ...   PORT says where to listen.
 */
const { spawn } = require('node:child_process');
const { appendFileSync } = require('node:fs');
const http = require('node:http');
const net = require('node:net');

const [file = '', command = '', ...args] = process.argv.slice(2);
const port = Number(process.env.PORT);

const nowUs = () => Math.round((performance.timeOrigin + performance.now()) * 1000);

/** @param {readonly string[]} raw @returns {(readonly [string, string])[]} */
const pairs = (raw) => raw.flatMap((name, i) => (i % 2 === 0 ? [/** @type {const} */ ([name, raw[i + 1] ?? ''])] : []));

const free = net.createServer().listen(0, '127.0.0.1', () => {
  const { port: inner } = /** @type {import('node:net').AddressInfo} */ (free.address());
  free.close(() => begin(inner));
});

/** @param {number} inner */
function begin(inner) {
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, PORT: String(inner) } });
  child.on('exit', (status) => process.exit(status ?? 1));
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT'])) process.on(signal, () => child.kill(signal));
  const server = http.createServer((request, response) => pass(inner, request, response));
  const look = () => {
    const socket = net.connect(inner, '127.0.0.1', () => {
      socket.destroy();
      server.listen(port, '127.0.0.1');
    });
    socket.on('error', () => setTimeout(look, 50)); // it is not up yet
  };
  look();
}

/** @param {number} inner @param {http.IncomingMessage} request @param {http.ServerResponse} response */
function pass(inner, request, response) {
  const sentAtUs = nowUs();
  const { method, url, rawHeaders } = request;
  const options = {
    host: '127.0.0.1',
    port: inner,
    method,
    path: url,
    headers: pairs(rawHeaders).flat(),
    agent: false,
  };
  const forwarded = http.request(options, (answer) => {
    const startedAtUs = nowUs();
    /** @type {Buffer[]} */
    const chunks = [];
    answer.on('data', (chunk) => chunks.push(chunk));
    answer.on('end', () => {
      const body = Buffer.concat(chunks);
      const headers = pairs(answer.rawHeaders);
      const { statusCode: status = 0, statusMessage: reason = '' } = answer;
      const times = { sentAtUs, startedAtUs, endedAtUs: nowUs() };
      appendFileSync(
        file,
        `${JSON.stringify({ method, url, status, reason, headers, body: body.toString('base64'), ...times })}\n`,
      );
      const own = headers.filter(([name]) => !/^(connection|keep-alive|transfer-encoding|content-length)$/i.test(name));
      const length =
        method === 'HEAD' || status === 204 || status === 304 ? [] : [['Content-Length', String(body.length)]];
      response.writeHead(status, reason, [...own, ...length].flat());
      response.end(body);
    });
  });
  forwarded.on('error', () => response.destroy());
  request.pipe(forwarded);
}
