/** One entry of a HAR as a draft of an exchange. */
import { nameOfUpgrade, webSocketName } from '../../http/upgrade';
import type { HeaderList } from '../../model/body';
import { type Direction, isProblem, type Outcome, outcomeWords, type Problem } from '../../model/exchange';
import type { HttpContent, HttpRequest, HttpResponse, HttpVersion } from '../../model/http/http';
import type { Became, HttpDraft } from '../draft';
import type { Notes } from '../importer';
import { latin1Text } from '../latin1-text';
import type { Place } from '../place';
import { requestBody, responseBody } from './body';
import { becameOf, type Said, saidIn } from './socket';
import { handshakeTimes, type Times, timesOf } from './times';

/** Null for what never was on a network. Throws a Misfit. */
export function draftOf(entry: Place, direction: Exclude<Direction, 'unknown'>, notes: Notes): HttpDraft | null {
  const address = addressIn(entry.object().at('request').object().at('url'));
  if (address === null) {
    notes.add('left out: their addresses (data:, blob:, file: and the like) are not on a network');
    return null;
  }
  const said = saidIn(entry, notes);
  const isSwitched = entry.at('response').at('status').numberOrNull() === 101;
  const whole = timesOf(entry);
  const times = isSwitched && said !== null ? handshakeTimes(whole, entry, said.messages) : whole;
  const { request, isWhole } = requestOf(entry.at('request'), address, times, notes);
  const answer = responseOf(entry.at('response').object(), request, times, notes);
  const problems = [...(isWhole ? [] : (['not-in-file'] as const)), ...answer.problems, ...problemsIn(entry)];
  const became = isSwitched ? socketIn({ request, response: answer.response }, said, whole.endedAtUs) : null;
  if (became !== null) problems.push(...(said?.problems ?? []));
  else problems.push(...withoutMessages(request, answer.response, said, notes));
  const port = addressPort(address);
  const server = entry.at('serverIPAddress').textOrNull() ?? '';
  const connection = entry.at('connection').scalarText();
  return {
    request,
    response: answer.response,
    outcome: answer.response === null || became !== null ? outcomeOf(entry, answer.response, said) : 'response',
    problems,
    direction,
    // Some tools write the port that was connected to, the same for all; with the address it is one name at least.
    connection: connection === '' ? null : `${connection} ${address.scheme} ${address.authority} ${server}`,
    server: server === '' ? null : `${bracketed(server)}:${port}`,
    isTls: address.scheme === 'https',
    became,
  };
}

function socketIn(handshake: HttpContent, said: Said | null, endedAtUs: number): Became | null {
  return said === null ? null : becameOf(handshake, said.messages, endedAtUs);
}

/** Of a WebSocket that is kept as its handshake alone: what that leaves out. */
function withoutMessages(
  { headers }: HttpRequest,
  response: HttpResponse | null,
  said: Said | null,
  notes: Notes,
): readonly Problem[] {
  if (said === null) {
    const isSocket = response?.status === 101 && nameOfUpgrade(headers) === webSocketName;
    if (isSocket) notes.add('of WebSocket connections whose messages are not in the file');
    return [];
  }
  if (response === null || said.messages.length === 0) return [];
  notes.add('of WebSocket connections that began otherwise than with 101 (over HTTP/2, say), without their messages');
  return ['undecoded'];
}

/** wiretape's own HARs say them; there is no place for them in the format. */
function problemsIn(entry: Place): readonly Problem[] {
  return entry
    .at('_problems')
    .listOr([])
    .map((word) => word.textOr(null))
    .filter(isProblem);
}

interface Address {
  /** `http` or `https`: a handshake is HTTP, and shares its connection with other requests. */
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
    return { scheme: scheme.toLowerCase().replace('ws', 'http'), authority: latin1Text(authority), target };
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(text)) return null;
  throw url.misfit('an address with its scheme');
}

function addressPort({ scheme, authority }: Address): string {
  return /:(\d+)$/.exec(authority)?.[1] ?? (scheme === 'https' ? '443' : '80');
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
function outcomeOf(entry: Place, response: HttpResponse | null, said: Said | null): Outcome {
  const places = [entry.at('_error'), entry.at('response').at('_error')];
  const told = [...places.map((place) => place.scalarText()), said?.error ?? ''].join(' ');
  const word = told.trim();
  // An answer came, and nobody says that the connection ended badly.
  if (response !== null && word === '' && said?.error == null) return 'response';
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
