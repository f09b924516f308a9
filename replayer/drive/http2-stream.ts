/** One request on a connection of HTTP/2, and what the end of its stream means. */
import { type ClientHttp2Stream, constants } from 'node:http2';
import type { HeaderList } from '../../tape/model/body';
import { failed, unsendable } from './failure';
import { type Gathering, pairsOf } from './gathering';
import type { Http2Connection } from './http2-connection';
import { http2Headers, http2Trailers, type OutgoingOptions, type OutgoingRequest } from './outgoing';

/** `refused`: the target did not look at it. `http1-required`: it wants this request over HTTP/1.1. */
export type StreamEnd = 'settled' | 'refused' | 'http1-required';

interface Asking {
  readonly options: OutgoingOptions;
  readonly gathering: Gathering;
}

/** Sends it on a connection that is ready. The gathering is settled where this says so. */
export function ask(connection: Http2Connection, request: OutgoingRequest, asking: Asking): Promise<StreamEnd> {
  const { gathering } = asking;
  const stream = openStream(connection, request, asking);
  if (stream === null) return Promise.resolve(gathering.isSettled ? 'settled' : 'refused');
  return new Promise((resolve) => {
    gathering.whenSettled(() => {
      if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL);
      resolve('settled');
    });
    gather(stream, gathering, { failed: failing({ stream, connection, gathering }, resolve) });
  });
}

/**
 * Asks for another protocol in a stream, on a connection that is ready and takes such requests. Where the target agrees, its
 * answer is settled with the head, and the stream stays open: nothing of it was read.
 */
export function askForStream(
  connection: Http2Connection,
  headers: readonly string[],
  gathering: Gathering,
): Promise<StreamEnd | ClientHttp2Stream> {
  if (!connection.isUsable) return Promise.resolve('refused');
  const stream = connection.request(headers, { endStream: false });
  return new Promise((resolve) => {
    let isAgreed = false;
    gathering.whenSettled(() => {
      if (!isAgreed && !stream.closed) stream.close(constants.NGHTTP2_CANCEL);
      resolve(isAgreed ? stream : 'settled');
    });
    const failed = failing({ stream, connection, gathering }, resolve);
    const agrees = (status: number) => {
      isAgreed = status >= 200 && status < 300;
      return isAgreed;
    };
    gather(stream, gathering, { failed, agrees });
  });
}

/** Null where it cannot be sent: the gathering then says why, or the connection is not there any more. */
function openStream(
  connection: Http2Connection,
  request: OutgoingRequest,
  { options, gathering }: Asking,
): ClientHttp2Stream | null {
  if (!connection.isUsable) return null;
  try {
    const trailers = http2Trailers(request.trailers);
    const waitForTrailers = request.trailers.length > 0;
    const endStream = request.body.length === 0 && !waitForTrailers;
    const stream = connection.request(http2Headers(request, options), { endStream, waitForTrailers });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    if (!endStream) stream.end(request.body);
    return stream;
  } catch (error) {
    gathering.failAs(unsendable(error));
    return null;
  }
}

interface Hearing {
  /** The stream ended in another way than with an answer. */
  readonly failed: (error: unknown) => void;
  /** Whether an answer of this status is over with its head, and what follows it is none of it; left out where none is. */
  readonly agrees?: (status: number) => boolean;
}

/** Tells the gathering what comes. */
function gather(stream: ClientHttp2Stream, gathering: Gathering, { failed, agrees }: Hearing): void {
  let trailers: HeaderList = [];
  let error: unknown = null;
  const ending = watchEnd(stream);
  const on = (event: string, take: (headers: HeaderList) => void) =>
    stream.on(event, (_headers: unknown, flags: number, flat: string[]) => {
      ending.sawHeaders(flags);
      take(pairsOf(flat));
    });
  on('headers', (headers) => gathering.early(statusIn(headers), withoutPseudo(headers)));
  on('response', (headers) => {
    const status = statusIn(headers);
    gathering.begin({ version: '2', status, reason: '', headers: withoutPseudo(headers) });
    if (agrees?.(status) === true) gathering.end([]);
    else stream.on('data', (chunk: Buffer) => gathering.data(chunk));
  });
  on('trailers', (headers) => {
    trailers = headers;
  });
  stream.on('error', (each) => {
    error = each;
  });
  const endsWell = () => error === null && ending.isSaid() && stream.rstCode === constants.NGHTTP2_NO_ERROR;
  // An answer may be whole before the request is: nobody then waits for the rest of the request to be taken.
  stream.on('end', () => setImmediate(() => !stream.writableFinished && endsWell() && gathering.end(trailers)));
  stream.on('close', () => {
    if (gathering.isSettled) return;
    if (endsWell()) gathering.end(trailers);
    else failed(error);
  });
}

/**
 * Whether the target said that its answer is whole. A stream that is reset with NO_ERROR ends for its reader like one
 * that is: only its end then comes after it counts as closed, and not before.
 */
function watchEnd(stream: ClientHttp2Stream): { sawHeaders(flags: number): void; isSaid(): boolean } {
  let said = false;
  const push = stream.push.bind(stream);
  stream.push = (chunk, encoding) => {
    if (chunk === null && !stream.closed) said = true;
    return push(chunk, encoding);
  };
  return {
    sawHeaders(flags) {
      if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) said = true;
    },
    isSaid: () => said,
  };
}

/** Where there is neither an answer nor a failure: the request is to be sent elsewhere. */
function endOf(stream: ClientHttp2Stream, { goneAway }: Http2Connection, gathering: Gathering): StreamEnd {
  if (gathering.hasBegun) return 'settled';
  if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM || stream.id === undefined) return 'refused';
  if (goneAway !== null && stream.id > goneAway.lastStream) return 'refused';
  return stream.rstCode === constants.NGHTTP2_HTTP_1_1_REQUIRED ? 'http1-required' : 'settled';
}

interface Failing {
  readonly stream: ClientHttp2Stream;
  readonly connection: Http2Connection;
  readonly gathering: Gathering;
}

/** Settles the gathering, or says where else the request is to be sent. */
function failing(at: Failing, elsewhere: (end: StreamEnd) => void): (error: unknown) => void {
  return (error) => {
    const end = endOf(at.stream, at.connection, at.gathering);
    if (end !== 'settled') elsewhere(end);
    else failWith(error, at);
  };
}

function failWith(error: unknown, { stream, connection, gathering }: Failing): void {
  const { goneAway } = connection;
  const name = errorNames[stream.rstCode] ?? String(stream.rstCode);
  if (goneAway !== null && goneAway.code !== constants.NGHTTP2_NO_ERROR) {
    const code = errorNames[goneAway.code] ?? goneAway.code;
    gathering.failAs(failed('reset', `the target ended the connection (GOAWAY ${code})`));
  } else if (error !== null && !isReset(error)) gathering.fail(error);
  else if (connection.isGone) {
    gathering.failAs(failed('closed', 'the connection was closed before the answer was complete'));
  } else if (stream.rstCode === constants.NGHTTP2_PROTOCOL_ERROR) {
    gathering.failAs(failed('reset', `the stream was reset (${name}) by the target, or as its answer is not valid`));
  } else gathering.failAs(failed('reset', `the stream was reset (${name})`));
}

function isReset(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === 'ERR_HTTP2_STREAM_ERROR';
}

/** RFC 9113 7, by their numbers. */
const errorNames: readonly string[] = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
];

function statusIn(headers: HeaderList): number {
  return Number(headers.find(([name]) => name === ':status')?.[1] ?? 0);
}

function withoutPseudo(headers: HeaderList): HeaderList {
  return headers.filter(([name]) => !name.startsWith(':'));
}
