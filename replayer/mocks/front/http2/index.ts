/**
 * HTTP/2 on connections that are handed over, by Node's own sessions over nghttp2. What a client may take up is bounded
 * here: streams, header fields, frames that make no sense. nghttp2 itself ends a session whose streams are opened only to
 * be reset (33 a second, after the first 1000), and one that cuts a header block into more than 8 further frames.
 */
import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2';
import { type Address, type Arrival, arrivalOf } from '../arrival';
import type { FlatHeaders } from '../asked';
import { headLimitBytes, type MockLimits } from '../limits';
import type { Carrying, Serving } from '../serving';
import { Http2Asked } from './asked';
import { noDate } from './fields';
import { upgradeFields } from './upgrade';

export function carryHttp2(serving: Serving): Carrying {
  const sessions = new Set<ServerHttp2Session>();
  const options = sessionOptions(serving.limits);
  return {
    take(stream) {
      const arrival = arrivalOf(stream);
      if (arrival === undefined) return;
      const session = performServerHandshake(stream, options);
      sessions.add(session);
      session.once('close', () => sessions.delete(session));
      session.on('error', () => {}); // what the client did wrong has ended the session already
      awaitRequest(session, serving.limits.headMs);
      session.on('stream', (...opened: StreamEvent) => take(opened, arrival, serving));
    },
    async close() {
      for (const session of sessions) session.destroy();
    },
  };
}

/** As many fields as Node takes of HTTP/1. */
const mostFields = 2000;
/** Megabytes that headers, frames in line and answers under way may take up of one connection. */
const sessionMegabytes = 32;
/** Answers may have as large a head as HTTP/1 has room for. */
const sentHeadBytes = 1024 * 1024;

function sessionOptions({ streams }: MockLimits): ServerOptions {
  return {
    settings: { maxConcurrentStreams: streams, maxHeaderListSize: headLimitBytes, enableConnectProtocol: true },
    maxHeaderListPairs: mostFields,
    maxSendHeaderBlockLength: sentHeadBytes,
    maxSessionMemory: sessionMegabytes,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
  };
}

/** A session that asks for nothing is ended, as is a connection of HTTP/1 whose request never comes. */
function awaitRequest(session: ServerHttp2Session, headMs: number): void {
  const timer = setTimeout(() => session.destroy(), headMs).unref();
  const inTime = (): void => clearTimeout(timer);
  session.once('stream', inTime);
  session.once('close', inTime);
}

type StreamEvent = [stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, raw: string[]];

function take([stream, headers, flags, raw]: StreamEvent, arrival: Arrival, serving: Serving): void {
  stream.on('error', () => {}); // a client may reset a stream at any moment; 'close' follows and is enough
  const authority = headers[':authority'] ?? headers.host;
  const protocol = headers[':protocol'];
  if (headers[':method'] === 'CONNECT' && protocol === undefined) {
    openTunnel(stream, { authority: authority ?? '', arrival }, serving);
    return;
  }
  const address = serving.resolve({ target: headers[':path'] ?? '', authority, scheme: headers[':scheme'] }, arrival);
  if (protocol !== undefined) {
    offerProtocol(stream, { headers, raw, arrival, address, protocol: String(protocol) }, serving);
    return;
  }
  const hasBody = (flags & constants.NGHTTP2_FLAG_END_STREAM) === 0;
  const asked = new Http2Asked(stream, { headers, raw, hasBody, arrival, address });
  if (hasBody) awaitBody(stream, asked, serving.limits.requestMs);
  serving.ask(asked);
}

interface ProtocolAsked {
  readonly headers: IncomingHttpHeaders;
  readonly raw: FlatHeaders;
  readonly arrival: Arrival;
  readonly address: Address;
  readonly protocol: string;
}

/** An extended CONNECT (RFC 8441): what nobody here speaks is answered as RFC 9220 3 says. */
function offerProtocol(stream: ServerHttp2Stream, { protocol, ...opened }: ProtocolAsked, serving: Serving): void {
  if (protocol !== upgradeFields.upgrade) {
    stream.respond({ ':status': 501 }, { endStream: true, ...noDate });
    return;
  }
  serving.ask(new Http2Asked(stream, { ...opened, hasBody: false }));
}

/** A request that takes too long is told so, as one of HTTP/1 is; the other streams of its connection go on. */
function awaitBody(stream: ServerHttp2Stream, asked: Http2Asked, requestMs: number): void {
  const timer = setTimeout(() => {
    if (asked.isLasting) return;
    asked.reply.send(
      { status: 408, reason: null, headers: [], framing: [] },
      { bytes: Buffer.alloc(0), shortText: '' },
      [],
    );
    stream.close(constants.NGHTTP2_NO_ERROR);
  }, requestMs).unref();
  const inTime = (): void => clearTimeout(timer);
  stream.once('end', inTime);
  stream.once('close', inTime);
}

interface Asking {
  readonly authority: string;
  readonly arrival: Arrival;
}

/** CONNECT (RFC 9113 8.5): the stream is the tunnel. Whatever ends it leaves the other streams alone. */
function openTunnel(stream: ServerHttp2Stream, { authority, arrival }: Asking, { tunnels, tunnel }: Serving): void {
  const to = tunnels.to(authority, arrival);
  if (to === 'unreadable') {
    stream.respond({ ':status': 400 }, { endStream: true, ...noDate });
  } else if (to === 'refused') {
    stream.close(constants.NGHTTP2_CONNECT_ERROR);
  } else {
    stream.respond({ ':status': 200 }, { endStream: false, ...noDate });
    const close = (): void => stream.close(constants.NGHTTP2_CANCEL);
    const reset = (): void => stream.close(constants.NGHTTP2_CONNECT_ERROR);
    tunnel(stream, { ...to, carrier: { close, reset } });
  }
}
