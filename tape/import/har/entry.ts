/** One entry of a HAR as a draft of an exchange. */
import type { HeaderList } from '../../model/body';
import { type Direction, type Outcome, outcomeWords, type Problem } from '../../model/exchange';
import type { HttpRequest, HttpResponse, HttpVersion } from '../../model/http/http';
import type { HttpDraft } from '../draft';
import type { Notes } from '../importer';
import { latin1Text } from '../latin1-text';
import type { Place } from '../place';
import { isoMicroseconds } from '../wire-time';
import { requestBody, responseBody } from './body';

/** Null for what never was on a network. Throws a Misfit. */
export function draftOf(entry: Place, direction: Exclude<Direction, 'unknown'>, notes: Notes): HttpDraft | null {
  const address = addressIn(entry.object().at('request').object().at('url'));
  if (address === null) {
    notes.add('left out: their addresses (data:, blob:, file: and the like) are not on a network');
    return null;
  }
  if (!entry.at('_webSocketMessages').isMissing) notes.add('of WebSocket connections, without their messages');
  const times = timesOf(entry);
  const { request, isWhole } = requestOf(entry.at('request'), address, times, notes);
  const answer = responseOf(entry.at('response').object(), request, times, notes);
  const problems: Problem[] = [...(isWhole ? [] : (['not-in-file'] as const)), ...answer.problems];
  const port = addressPort(address);
  const server = entry.at('serverIPAddress').textOrNull() ?? '';
  const connection = entry.at('connection').scalarText();
  return {
    request,
    response: answer.response,
    outcome: answer.response === null ? outcomeOf(entry) : 'response',
    problems,
    direction,
    // Some tools write the port that was connected to, the same for all; with the address it is one name at least.
    connection: connection === '' ? null : `${connection} ${address.scheme} ${address.authority} ${server}`,
    server: server === '' ? null : `${bracketed(server)}:${port}`,
    isTls: address.scheme === 'https' || address.scheme === 'wss',
  };
}

interface Address {
  readonly scheme: string;
  readonly authority: string;
  /** Path and query. */
  readonly target: string;
}

function addressIn(url: Place): Address | null {
  const text = url.text();
  const found = /^(https?|wss?):\/\/(?:[^/?#@]*@)?([^/?#]+)([^#]*)/i.exec(text);
  if (found !== null) {
    const [, scheme = '', authority = '', rest = ''] = found;
    const target = latin1Text(rest.startsWith('/') ? rest : `/${rest}`).replaceAll(' ', '%20');
    return { scheme: scheme.toLowerCase(), authority: latin1Text(authority), target };
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(text)) return null;
  throw url.misfit('an address with its scheme');
}

function addressPort({ scheme, authority }: Address): string {
  return /:(\d+)$/.exec(authority)?.[1] ?? (scheme === 'https' || scheme === 'wss' ? '443' : '80');
}

function bracketed(address: string): string {
  return address.includes(':') && !address.startsWith('[') ? `[${address}]` : address;
}

function requestOf(
  from: Place,
  address: Address,
  times: Times,
  notes: Notes,
): { request: HttpRequest; isWhole: boolean } {
  const method = from.at('method').text();
  const version = versionOf(from.at('httpVersion'), notes);
  const fields = fieldsOf(from.at('headers'));
  const named = fields.find(([name]) => name.toLowerCase() === ':authority')?.[1];
  const scheme = fields.find(([name]) => name.toLowerCase() === ':scheme')?.[1];
  const plain = withoutPseudo(fields);
  const hasHost = named !== undefined || plain.some(([name]) => name.toLowerCase() === 'host');
  const needsHost = !hasHost && version !== '2';
  const headers: HeaderList = needsHost ? [['Host', address.authority], ...plain] : plain;
  const authority = version === '2' ? (named ?? (hasHost ? undefined : address.authority)) : undefined;
  const { body, isWhole } = requestBody(from, headers);
  const request: HttpRequest = {
    version,
    method,
    // As it was on the wire, where a URL cannot hold it: an addition of wiretape's own HARs.
    target: from.at('_target').textOrNull() ?? (method === 'CONNECT' ? address.authority : address.target),
    ...(authority === undefined ? {} : { authority }),
    ...(version === '2' && scheme !== undefined ? { scheme } : {}),
    headers: needsHost || version === '2' || named === undefined ? headers : [['Host', named], ...headers],
    body,
    trailers: [],
    startedAtUs: times.startedAtUs,
    endedAtUs: times.sentAtUs,
  };
  return { request, isWhole };
}

function responseOf(
  from: Place,
  request: HttpRequest,
  times: Times,
  notes: Notes,
): { response: HttpResponse | null; problems: readonly Problem[] } {
  const status = from.at('status').integer();
  // What was blocked, refused or cut off has the status 0.
  if (status < 100 || status > 999) return { response: null, problems: ['no-response'] };
  const headers = withoutPseudo(fieldsOf(from.at('headers')));
  const { body, problem, note } = responseBody(from, { headers, method: request.method, status });
  if (note !== null) notes.add(note);
  const version = from.at('httpVersion').scalarText() === '' ? request.version : versionOf(from.at('httpVersion'));
  const response: HttpResponse = {
    version,
    status,
    reason: latin1Text(from.at('statusText').textOrNull() ?? ''),
    headers,
    body,
    trailers: [],
    informational: [],
    startedAtUs: times.answeredAtUs,
    endedAtUs: times.endedAtUs,
  };
  return { response, problems: problem === null ? [] : [problem] };
}

/** Tools tell of failures in members of their own; Chromium's names of network errors are the most common. */
function outcomeOf(entry: Place): Outcome {
  const told = [entry.at('_error'), entry.at('response').at('_error')].map((place) => place.scalarText()).join(' ');
  const word = told.trim();
  if (Object.hasOwn(outcomeWords, word) && word !== 'response' && word !== 'open') return word as Outcome;
  if (/CONNECTION_REFUSED/.test(told)) return 'refused';
  if (/CONNECTION_(RESET|ABORTED)|EMPTY_RESPONSE/.test(told)) return 'reset';
  if (/TIMED_OUT/.test(told)) return 'timeout';
  return /CONNECTION_CLOSED/.test(told) ? 'closed' : 'lost';
}

function fieldsOf(headers: Place): HeaderList {
  return headers.listOrNone().map((header) => {
    const name = latin1Text(header.object().at('name').text());
    return [name, latin1Text(header.at('value').scalarText()).replace(/[\r\n]+/g, ' ')] as const;
  });
}

function withoutPseudo(headers: HeaderList): HeaderList {
  return headers.filter(([name]) => !name.startsWith(':'));
}

/** HTTP/3 has the same parts as HTTP/2 in other frames, and a HAR holds no frames. */
function versionOf(from: Place, notes?: Notes): HttpVersion {
  const text = from.scalarText().trim().toLowerCase();
  if (/^(h3|http\/3|quic|http\/2\+quic)/.test(text)) {
    notes?.add('of HTTP/3, kept as HTTP/2, whose messages have the same parts');
    return '2';
  }
  if (/^(h2|http\/2|spdy)/.test(text)) return '2';
  return /^http\/(1\.0|0\.9)$/.test(text) ? '1.0' : '1.1';
}

interface Times {
  readonly startedAtUs: number;
  readonly sentAtUs: number;
  readonly answeredAtUs: number;
  readonly endedAtUs: number;
}

/** From its end backwards: what came before the request was sent (waiting, names, connecting) is counted differently by each tool. */
function timesOf(entry: Place): Times {
  const started = entry.at('startedDateTime');
  const startedAtUs = isoMicroseconds(started.text());
  if (startedAtUs === null) throw started.misfit('a date and time of ISO 8601');
  const timings = entry.at('timings');
  const part = (name: string): number => Math.max(0, timings.at(name).numberOrNull() ?? 0);
  // `ssl` lies within `connect`.
  const sum = ['blocked', 'dns', 'connect', 'send', 'wait', 'receive'].reduce((total, name) => total + part(name), 0);
  const total = entry.at('time').numberOrNull() ?? 0;
  const endedAtUs = startedAtUs + Math.round((total > 0 ? total : sum) * 1000);
  const answeredAtUs = Math.max(startedAtUs, endedAtUs - Math.round(part('receive') * 1000));
  return {
    startedAtUs,
    sentAtUs: Math.max(startedAtUs, answeredAtUs - Math.round(part('wait') * 1000)),
    answeredAtUs,
    endedAtUs,
  };
}
