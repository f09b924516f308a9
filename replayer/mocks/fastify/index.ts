/**
 * Serves mocks: one port for everything (by Host, as an HTTP proxy, through CONNECT), and a port for each upstream;
 * HTTP and TLS on each. Fastify routes and holds the server; the bytes of requests and answers are handled raw, because
 * matching needs them as they came and a recorded answer goes out as it was. Never dials anything, except under passthrough.
 */
import { type IncomingMessage, METHODS, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import fastify, { type FastifyInstance } from 'fastify';
import type { HttpRequest } from '../../../tape/model/http/http';
import type { RedactionEntry } from '../../../tape/redact/redacted';
import type { NoiseRule } from '../../noise/rules';
import type { Rung } from '../match/matcher';
import type { Miss, MissPolicy } from '../match/miss';
import type { Mock, MockSet, Refusal } from '../mock';
import { writeCaFile } from './ca-file';
import { createAuthority } from './certificates';
import { createFront } from './front';
import { defaultLimits, type MockLimits } from './limits';
import { createService } from './service';
import { openTunnel } from './tunnel';

/** The half of a redactor that mocks need: live requests go through the rules the recorded ones went through. */
export interface RequestRedactor {
  redactRequest(request: HttpRequest): { readonly request: HttpRequest; readonly entries: readonly RedactionEntry[] };
}

export interface MockServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Of the port for everything; 0, the default, lets the system choose. */
  readonly port?: number;
  readonly onMiss?: MissPolicy;
  /** Noise rules; those for responses are passed over. */
  readonly rules?: readonly NoiseRule[];
  readonly redactor?: RequestRedactor;
  /** Whether the redactor has the key the tape was recorded with; without it redacted values count as equal. */
  readonly keyed?: boolean;
  /** `recorded` waits as long as the upstream took to answer. Default `none`. */
  readonly latency?: 'recorded' | 'none';
  /** Adds `wiretape-mock: exact; exchange=41` to answers. Default false: a service may pass headers on. */
  readonly mark?: boolean;
  /** Where to write the CA certificate; default a temporary file that goes with the server. */
  readonly caFile?: string;
  /** What a client may take up; the defaults are in limits.ts. */
  readonly limits?: Partial<MockLimits>;
  /** Called for each request after it was matched. */
  readonly onServed?: (event: ServedEvent) => void;
}

export interface ServedEvent {
  readonly method: string;
  readonly upstream: string;
  readonly target: string;
  readonly found: Rung | 'refused' | 'miss';
  /** The recorded exchange that answered; null on a miss. */
  readonly exchange: string | null;
  readonly miss: Miss | null;
}

export interface ServedCounts {
  readonly exact: number;
  readonly noise: number;
  readonly refused: number;
  readonly missed: number;
}

export interface MockServer {
  /** The port for everything: base URL, HTTP proxy, CONNECT. */
  readonly url: string;
  /** Upstream name (`payments:8443`) to the base URL of its own port, in the scheme it was recorded with. */
  readonly urls: ReadonlyMap<string, string>;
  /** The CA certificate as PEM, and the file it lies in. */
  readonly ca: string;
  readonly caFile: string;
  /** The first 1000, in order; `served().missed` counts all. */
  misses(): readonly Miss[];
  /** True when a miss was one that the policy does not allow, or a request could not be handled at all. */
  failed(): boolean;
  /** Faults of our own, answered 500. */
  faults(): readonly Error[];
  unused(): { readonly mocks: readonly Mock[]; readonly refusals: readonly Refusal[] };
  served(): ServedCounts;
  close(): Promise<void>;
}

/** Starts serving. Throws PORT_IN_USE, USAGE (an address that is not ours) and FILE_UNREADABLE (the CA file). */
export async function startMocks(set: MockSet, options: MockServerOptions = {}): Promise<MockServer> {
  const host = options.host ?? '127.0.0.1';
  const authority = createAuthority({ now: new Date(), alsoNamed: isWildcard(host) ? [] : [host] });
  const ownPorts = new Map<number, string>();
  const service = createService(set, options, ownPorts);
  const limits = { ...defaultLimits, ...options.limits };
  const app = createApp(service.handle, limits);
  await app.ready();
  keepTime(app);
  const refuses = (upstream: string): boolean => service.refuse(upstream) !== null;
  const front = createFront({ http: app.server, authority, refuses, headMs: limits.headMs });
  app.server.on('connect', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    openTunnel(front, { request, stream, head, ownPorts, refuses });
  });
  const stop = async (): Promise<void> => {
    await front.close();
    await app.close();
    app.server.close(); // it never listened, which fastify passes over; ends its watch over slow clients
    service.close();
  };
  try {
    const port = await front.listen({ host, port: options.port ?? 0, upstream: null });
    const urls = new Map<string, string>();
    for (const { name, tls } of set.upstreams) {
      const own = await front.listen({ host, port: 0, upstream: name });
      ownPorts.set(own, name);
      urls.set(name, urlAt(tls, host, own));
    }
    const caFile = writeCaFile(authority.certificate, options.caFile ?? null);
    return {
      url: urlAt(false, host, port),
      urls,
      ca: authority.certificate,
      caFile: caFile.path,
      misses: () => service.misses,
      failed: () => service.failed(),
      faults: () => service.faults,
      unused: service.matcher.unused,
      served: () => ({ ...service.matcher.served(), missed: service.missed() }),
      async close() {
        caFile.remove();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What replay accepts of an answer; Node's own limit is 16 KiB, and some services keep more in cookies. */
const headLimitBytes = 256 * 1024;

/** How often slow clients are looked for. */
const watchMs = 5000;

/**
 * Node.js begins to watch over slow clients when its HTTP server listens. Ours never does, as the front hands it its
 * connections; so it is told what it waits for.
 */
function keepTime(app: FastifyInstance): void {
  app.server.emit('listening');
}

/** One route for every method and path; the URL is put aside because a proxy request's is no path. */
function createApp(
  handle: (request: IncomingMessage, response: ServerResponse, url: string) => void,
  { headMs, requestMs }: MockLimits,
): FastifyInstance {
  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    keepAliveTimeout: 0,
    rewriteUrl: () => '/',
    requestTimeout: requestMs,
    http: {
      maxHeaderSize: headLimitBytes,
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
      handle(request.raw, reply.raw, request.originalUrl);
    },
  });
  return app;
}

function urlAt(tls: boolean, host: string, port: number): string {
  const named = isWildcard(host) ? '127.0.0.1' : host;
  return `${tls ? 'https' : 'http'}://${named.includes(':') ? `[${named}]` : named}:${port}`;
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
