/**
 * Header fields that are part of what a request asks for: those that select an answer by the rules of HTTP, those that a
 * recorded answer names in `Vary`, and those in which requests that are otherwise equal differ while their answers do. All
 * others say how a request was made, and by whom; in what they differ is told of the call, and keeps no answer back.
 */
import { listedIn } from '../../../tape/http/lists';
import { selectingFields } from '../../../tape/http/selecting-fields';
import type { JsonObject } from '../../../tape/json/json';
import type { HeaderList } from '../../../tape/model/body';
import type { HttpRequest, HttpResponse } from '../../../tape/model/http/http';
import { epochTime, timeText } from '../../noise/shapes';
import { headerVolatility } from '../../noise/volatile-headers';
import { isMintingName } from './names';

/** Made for one connection or one message: never what somebody asks for. A coding that a client does not take is undone for it. */
const neverAsked: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-md5',
  'date',
  'digest',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
]);

/** True for a field that is made anew for each connection, message or trace; `name` in lower case. */
export function isAboutTransport(name: string): boolean {
  return neverAsked.has(name) || /^(?:grpc|sec)-/.test(name) || headerVolatility(name) === 'identifying';
}

/** The fields that take part, by lower-case name; `more` are those that the recording shows to decide. */
export function askedFields({ headers }: Pick<HttpRequest, 'headers'>, more: Iterable<string> = []): JsonObject {
  const names = new Set([...selectingFields, ...more]);
  const found = new Map<string, string>();
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (!names.has(lower)) continue;
    const before = found.get(lower);
    found.set(lower, before === undefined ? value.trim() : `${before}, ${value.trim()}`);
  }
  return Object.fromEntries(
    [...found].map(([name, text]) => [name, normalField(name, text)]).filter(([, text]) => text),
  );
}

const inAnyOrder: ReadonlySet<string> = new Set(['accept', 'accept-language', 'access-control-request-headers']);

/** One text for values that ask the same; '' for one that asks what its absence asks. */
export function normalField(name: string, text: string): string {
  if (name === 'range') return text.toLowerCase().replace(/\s+/g, '');
  if (!inAnyOrder.has(name)) return text;
  const choices = [...new Set(text.toLowerCase().replace(/\s+/g, '').split(','))].filter((choice) => choice !== '');
  const isAnything = choices.length === 1 && /^(?:\*|\*\/\*)$/.test(choices[0] ?? '');
  return isAnything ? '' : choices.sort().join(', ');
}

/** Whether a recorded media type is one that an `Accept` takes (RFC 9110 12.5.1); '' takes every one. */
export function takesType(accept: string, type: string): boolean {
  const [wanted = ''] = type.toLowerCase().split(';');
  const [main = ''] = wanted.trim().split('/');
  if (accept === '') return true;
  return accept.split(',').some((choice) => {
    const [range = '', ...parameters] = choice.trim().split(';');
    if (parameters.some((parameter) => /^\s*q=0(?:\.0*)?\s*$/.test(parameter))) return false;
    return range === '*/*' || range === `${main}/*` || range === wanted.trim();
  });
}

/** The fields an answer says it depends on. A coding is left out: it is undone where a client does not take it. */
export function variedBy({ headers }: Pick<HttpResponse, 'headers'>): readonly string[] {
  return listedIn(headers, 'vary').filter((name) => name !== '*' && !neverAsked.has(name));
}

export interface Told {
  readonly headers: HeaderList;
  /** Equal for equal answers. */
  readonly answer: string;
}

/** The fields in which requests that are otherwise equal differ, where their answers do; none that each request makes anew. */
export function tellingApart(requests: readonly Told[]): readonly string[] {
  if (new Set(requests.map(({ answer }) => answer)).size < 2) return [];
  const values = requests.map(({ headers }) => valuesOf(headers));
  const names = new Set(values.flatMap((each) => [...each.keys()]));
  return [...names].filter((name) => {
    if (isAboutTransport(name) || isMintingName(name) || name === 'user-agent' || name === 'content-type') return false;
    const own = values.map((each) => each.get(name));
    return new Set(own).size > 1 && !own.every(isMadeAnew);
  });
}

function valuesOf(headers: HeaderList): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    const before = values.get(lower);
    values.set(lower, before === undefined ? value : `${before}, ${value}`);
  }
  return values;
}

/** A time, or a signature with its parts: the next request has another one, whatever it asks for. */
function isMadeAnew(value: string | undefined): boolean {
  if (value === undefined) return true;
  return timeText(value) !== null || epochTime(value) !== null || /^AWS4-|\bsignature\s*=/i.test(value);
}
