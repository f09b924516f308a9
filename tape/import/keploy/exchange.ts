/** A test or mock of HTTP, as Keploy writes it, as a draft of an exchange. */
import type { HeaderList } from '../../model/body';
import type { Direction, Problem } from '../../model/exchange';
import type { HttpRequest, HttpResponse, HttpVersion } from '../../model/http/http';
import { carriesNoContent, decodedBody, noBody } from '../decoded-body';
import type { HttpDraft } from '../draft';
import { latin1Text } from '../latin1-text';
import type { Place } from '../place';
import { isoMicroseconds } from '../wire-time';

/** Throws a Misfit. */
export function draftOf(spec: Place, direction: Exclude<Direction, 'unknown'>): HttpDraft {
  const asked = spec.object().at('req').object();
  const answered = spec.at('resp').object();
  const requestedAtUs = timeOf(asked.at('timestamp')) ?? timeOf(spec.at('reqTimestampMock')) ?? createdAtUs(spec);
  const answeredAtUs = timeOf(answered.at('timestamp')) ?? timeOf(spec.at('resTimestampMock')) ?? requestedAtUs;
  const { address, request } = requestOf(asked, requestedAtUs);
  const problems: Problem[] = isFormLost(asked) ? ['not-in-file'] : [];
  return {
    request,
    response: responseOf(answered, request, Math.max(requestedAtUs, answeredAtUs)),
    outcome: 'response',
    problems,
    direction,
    connection: null,
    server: null,
    isTls: address.isTls,
  };
}

function requestOf(from: Place, atUs: number) {
  const address = addressOf(from.at('url').text());
  const method = from.at('method').text();
  const fields = fieldsOf(from.at('header'));
  const hasHost = fields.some(([name]) => name.toLowerCase() === 'host');
  const headers = hasHost || address.authority === null ? fields : [['Host', address.authority] as const, ...fields];
  const request: HttpRequest = {
    version: versionOf(from),
    method,
    target: address.target,
    headers,
    body: decodedBody(bytesOf(from.at('body')), headers, null),
    trailers: [],
    startedAtUs: atUs,
    endedAtUs: atUs,
  };
  return { address, request };
}

function responseOf(from: Place, request: HttpRequest, atUs: number): HttpResponse {
  const status = from.at('status_code').integer();
  const headers = fieldsOf(from.at('header'));
  const isEmpty = carriesNoContent(request.method, status);
  return {
    version: from.at('proto_major').numberOrNull() === 0 ? request.version : versionOf(from),
    status,
    reason: latin1Text(from.at('status_message').scalarText()),
    headers,
    body: isEmpty ? noBody : decodedBody(bytesOf(from.at('body')), headers, null),
    trailers: [],
    informational: [],
    startedAtUs: atUs,
    endedAtUs: atUs,
  };
}

/** Tests have a whole address, mocks only path and query. */
function addressOf(url: string): { authority: string | null; target: string; isTls: boolean } {
  const found = /^(https?):\/\/(?:[^/?#@]*@)?([^/?#]+)([^#]*)/i.exec(url);
  const rest = latin1Text(found === null ? url : (found[3] ?? ''));
  const target = rest.startsWith('/') ? rest : `/${rest}`;
  return { authority: found?.[2] ?? null, target, isTls: found?.[1]?.toLowerCase() === 'https' };
}

/** A mapping of names to values; several values of one name are kept in one text, which only the comma can divide. */
function fieldsOf(header: Place): HeaderList {
  return header.names().map((name) => [latin1Text(name), latin1Text(header.at(name).scalarText())] as const);
}

function bytesOf(body: Place): Uint8Array {
  return Buffer.from(body.scalarText());
}

/** Of a form with files only the names of its fields are kept. */
function isFormLost(request: Place): boolean {
  return request.at('form').listOrNone().length > 0 && request.at('body').scalarText() === '';
}

function versionOf(message: Place): HttpVersion {
  const [major, minor] = [message.at('proto_major').numberOrNull(), message.at('proto_minor').numberOrNull()];
  if (major === 2) return '2';
  return major === 1 && minor === 0 ? '1.0' : '1.1';
}

/** Null where it is missing; the year 1 stands for that. */
function timeOf(place: Place): number | null {
  const text = place.scalarText();
  if (text === '' || text.startsWith('0001-')) return null;
  const atUs = isoMicroseconds(text);
  if (atUs === null) throw place.misfit('a date and time of ISO 8601');
  return atUs;
}

/** Seconds. */
function createdAtUs(spec: Place): number {
  return Math.round((spec.at('created').numberOrNull() ?? 0) * 1_000_000);
}
