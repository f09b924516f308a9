/**
 * The least a mock server on Fastify could do: one route for every path, one answer for everybody.
 *
 *   bare-fastify.js FILE     prints "listening PORT"
 */
const { readFileSync } = require('node:fs');
const fastify = require('fastify');

const body = readFileSync(process.argv[2] ?? '', 'utf8');
const app = fastify({ logger: false });
app.all('/*', (_request, reply) => reply.header('content-type', 'application/json').send(body));
app.listen({ host: '127.0.0.1', port: 0 }).then((address) => console.log('listening', new URL(address).port));
