/**
 * HTTP/1 on connections that are handed over. Fastify routes and holds the server; the bytes of requests and answers are
 * handled raw, because matching needs them as they came and a recorded answer goes out as it was.
 */
import { type IncomingMessage, METHODS, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import fastify, { type FastifyInstance } from 'fastify';
import { arrivalOf } from '../arrival';
import { headLimitBytes, type MockLimits } from '../limits';
import type { Carrying, Serving } from '../serving';
import { Http1Asked } from './asked';

/** How often slow clients are looked for. */
const watchMs = 5000;

export async function carryHttp1(serving: Serving): Promise<Carrying> {
  const app = createApp(serving);
  await app.ready();
  keepTime(app);
  app.server.on('connect', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    openTunnel({ request, stream, head }, serving);
  });
  app.server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    offerUpgrade({ request, stream, head }, serving);
  });
  return {
    take: (stream) => {
      app.server.emit('connection', stream);
    },
    async close() {
      await app.close();
      app.server.close(); // it never listened, which fastify passes over; ends its watch over slow clients
    },
  };
}

/**
 * Node.js begins to watch over slow clients when its HTTP server listens. Ours never does, as the front hands it its
 * connections; so it is told what it waits for.
 */
function keepTime(app: FastifyInstance): void {
  app.server.emit('listening');
}

/** One route for every method and path; the URL is put aside because a proxy request's is no path. */
function createApp(serving: Serving): FastifyInstance {
  const { headMs, requestMs }: MockLimits = serving.limits;
  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    keepAliveTimeout: 0,
    rewriteUrl: () => '/',
    requestTimeout: requestMs,
    http: {
      maxHeaderSize: headLimitBytes,
      shouldUpgradeCallback: (request) => upgradeOf(request) === webSocket,
      headersTimeout: headMs,
      connectionsCheckingInterval: Math.min(watchMs, headMs, requestMs),
    },
  });
  const methods = METHODS.filter((method) => method !== 'CONNECT');
  for (const method of methods) app.addHttpMethod(method, { hasBody: false, overrideExisting: true });
  app.route({
    method: methods,
    url: '/',
    handler: (request, reply) => {
      reply.hijack();
      handle(request.raw, reply.raw, request.originalUrl, serving);
    },
  });
  return app;
}

function handle(request: IncomingMessage, response: ServerResponse, target: string, serving: Serving): void {
  const arrival = arrivalOf(request.socket);
  if (arrival === undefined) return; // the connection is gone
  const address = serving.resolve({ target, authority: request.headers.host }, arrival);
  serving.ask(new Http1Asked(request, response, { arrival, address }));
}

const webSocket = 'websocket';

function upgradeOf({ headers }: IncomingMessage): string {
  return (headers.upgrade ?? '').toLowerCase();
}

/**
 * What wants to leave HTTP may still be answered in HTTP. Node.js before 24.9 brings every upgrade here; those that nobody
 * takes up are requests like others (RFC 9110 7.8), whose connection ends with the answer as its parser is gone.
 */
function offerUpgrade({ request, stream, head }: Opening, serving: Serving): void {
  const arrival = arrivalOf(stream);
  if (arrival === undefined) return; // the connection is gone
  stream.on('error', () => stream.destroy()); // nobody else listens to it any more
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(stream as Socket);
  response.once('finish', () => stream.end());
  const address = serving.resolve({ target: request.url ?? '', authority: request.headers.host }, arrival);
  const take = () => {
    response.detachSocket(stream as Socket);
    return { request, stream, head };
  };
  const protocol = upgradeOf(request);
  const upgrade = protocol === webSocket ? { protocol, take } : null;
  serving.ask(new Http1Asked(request, response, { arrival, address }, upgrade));
}

interface Opening {
  readonly request: IncomingMessage;
  readonly stream: Duplex;
  readonly head: Buffer;
}

/** A refused upstream resets the connection: a status would tell the client that a proxy stands between. */
function openTunnel({ request, stream, head }: Opening, { tunnels, tunnel }: Serving): void {
  const arrival = arrivalOf(stream);
  const to = arrival === undefined ? 'unreadable' : tunnels.to(request.url ?? '', arrival);
  if (to === 'refused') {
    arrival?.carrier.reset();
  } else if (to === 'unreadable') {
    stream.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  } else {
    stream.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    if (head.length > 0) stream.unshift(head);
    tunnel(stream, to);
  }
}
