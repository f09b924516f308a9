/**
 * The handshake of a WebSocket over HTTP/2: an extended CONNECT (RFC 8441) on a connection of its own. Tells where the
 * target does not take one, so that it can be asked over HTTP/1.1.
 */
import type { ClientHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { HttpResponse } from '../../tape/model/http/http';
import type { DriverOptions } from '../drive/driver';
import { type Failure, failed, unsendable } from '../drive/failure';
import { type Answer, type AnswerLimits, Gathering } from '../drive/gathering';
import { Http2Line, type OpenedStream } from '../drive/http2';
import { extendedConnectHeaders } from '../drive/outgoing';
import { type Handshake, type Lacking, withOffers } from './handshake';
import { BehindHead, fieldsOverHttp2, switchingProtocols } from './over-http2';

export type Agreement =
  /** The stream as the connection of HTTP/1.1 on which the handshake that stands for it is still to be written. */
  | { readonly kind: 'agreed'; readonly stream: Duplex }
  | { readonly kind: 'refused'; readonly response: HttpResponse }
  | { readonly kind: 'not-over-http2'; readonly lacking: Lacking }
  | Failure;

/** Never rejects. */
export async function agreeOverHttp2(
  handshake: Handshake,
  options: DriverOptions,
  limits: AnswerLimits,
): Promise<Agreement> {
  const line = new Http2Line(options, limits);
  const agreement = await agree(handshake, line, { options, limits });
  if (agreement.kind === 'agreed') agreement.stream.once('close', () => line.close());
  else await line.destroy();
  return agreement;
}

interface Means {
  readonly options: DriverOptions;
  readonly limits: AnswerLimits;
}

async function agree(handshake: Handshake, line: Http2Line, { options, limits }: Means): Promise<Agreement> {
  let settled: Answer | Failure | null = null;
  const done = (result: Answer | Failure) => {
    settled = result;
  };
  const gathering = new Gathering({ timeoutMs: options.timeoutMs, limits, done });
  let opened: OpenedStream;
  try {
    opened = await line.openStream(headersFor(handshake, options), gathering);
  } catch (error) {
    gathering.failAs(unsendable(error));
    opened = 'sent';
  }
  return agreementOf(opened, settled) ?? lacking(opened, gathering);
}

function agreementOf(opened: OpenedStream, settled: Answer | Failure | null): Agreement | null {
  if (settled === null) return null;
  if (settled.kind === 'failed') return settled;
  const { response } = settled;
  if (typeof opened === 'string') return { kind: 'refused', response };
  return { kind: 'agreed', stream: connectionOn(opened, response) };
}

function connectionOn(stream: ClientHttp2Stream, { headers }: HttpResponse): Duplex {
  return new BehindHead(stream, (head) => switchingProtocols(head, headers));
}

function lacking(opened: OpenedStream, gathering: Gathering): Agreement {
  gathering.failAs(failed('no-http2', 'asked over HTTP/1.1 instead')); // which has a deadline of its own
  return { kind: 'not-over-http2', lacking: opened === 'no-extended-connect' ? 'extended-connect' : 'http2' };
}

/** The fields of the handshake of HTTP/1.1 that it stands for, without those that only that one has. */
function headersFor({ path, headers }: Handshake, options: DriverOptions): string[] {
  const fields = withOffers(fieldsOverHttp2(headers));
  return extendedConnectHeaders({ asksFor: 'websocket', path, headers: fields }, options);
}
