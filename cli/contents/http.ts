/** How an exchange of HTTP is shown. */

import { callStatus } from '../../tape/body/rpc/status';
import { stringifyJson } from '../../tape/json/json';
import { prettyJson } from '../../tape/json/pretty';
import { outcomeWords } from '../../tape/model/exchange';
import type { HttpContent, HttpRequest, HttpResponse } from '../../tape/model/http/http';
import { visibleLine, visibleText, visibleWire } from '../terminal';
import { byteCount, isoTime } from '../when';
import type { ContentView, Page } from './content-view';
import { bodyJson, headerLines, messageLines } from './parts';

export const httpView: ContentView<HttpContent> = {
  lines: ({ request, response }, page) => [...requestLines(request, page), '', ...responseLines(response, page)],
  json: ({ request, response }) => ({ request: requestJson(request), response: responseJson(response) }),
  waitedUs: ({ request, response }) => {
    const waitedUs = request === null || response === null ? -1 : response.startedAtUs - request.endedAtUs;
    return waitedUs < 0 ? null : waitedUs;
  },
};

function requestLines(request: HttpRequest | null, page: Page): readonly string[] {
  const { colors } = page;
  if (request === null) return [colors.bold('request'), 'none was seen'];
  const line = visibleWire(`${request.method} ${request.target} HTTP/${request.version}`);
  const { scheme, authority, protocol } = request;
  const named = authority === undefined ? [] : headerLines([[':authority', authority]], colors);
  const schemed = scheme === undefined ? [] : headerLines([[':scheme', scheme]], colors);
  const spoken = protocol === undefined ? [] : headerLines([[':protocol', protocol]], colors);
  return halfLines('request', [line, ...schemed, ...named, ...spoken], request, page);
}

function responseLines(response: HttpResponse | null, page: Page): readonly string[] {
  const { outcome, colors } = page;
  if (response === null) return [colors.bold('response'), `none: ${outcomeWords[outcome] ?? outcome}`];
  const early = response.informational.flatMap(({ status, headers }) => [
    `HTTP/${response.version} ${status}`,
    ...headerLines(headers, colors),
    '',
  ]);
  const line = visibleWire(`HTTP/${response.version} ${response.status} ${response.reason}`.trimEnd());
  return [...halfLines('response', [...early, line], response, page), ...statusLines(response, page)];
}

/** A body that was made messages of is shown below, message by message. */
function halfLines(
  name: string,
  opening: readonly string[],
  half: HttpRequest | HttpResponse,
  { colors, messages }: Page,
): readonly string[] {
  const { body } = half;
  if (messages === 0 || body.bytes.length > 0) return messageLines(name, opening, half, colors);
  const lines = messageLines(name, opening, { ...half, body: { ...body, wireSize: 0 } }, colors);
  return body.wireSize === 0
    ? lines
    : [...lines, '', `(its body of ${byteCount(body.wireSize)} are the messages below)`];
}

/** What the fields of a call say behind numbers, percent signs and base64. */
function statusLines(response: HttpResponse, { colors }: Page): readonly string[] {
  const found = callStatus(response);
  if (found === null) return [];
  const { status, message, details } = found;
  return [
    '',
    `${colors.bold('status')}  ${visibleLine(message === null ? status : `${status}: ${message}`)}`,
    ...(details === null ? [] : prettyJson(stringifyJson(details)).split('\n').map(visibleText)),
  ];
}

function requestJson(request: HttpRequest | null) {
  if (request === null) return null;
  const { authority, scheme, protocol } = request;
  return {
    ...messageJson(request),
    ...(authority === undefined ? {} : { authority }),
    ...(scheme === undefined ? {} : { scheme }),
    ...(protocol === undefined ? {} : { protocol }),
  };
}

function responseJson(response: HttpResponse | null) {
  if (response === null) return null;
  const { reason, informational } = response;
  const call = callStatus(response);
  return { ...messageJson(response), reason, informational, ...(call === null ? {} : { call }) };
}

function messageJson({ headers, body, trailers, version, startedAtUs, endedAtUs }: HttpRequest | HttpResponse) {
  const times = { startedAt: isoTime(startedAtUs), endedAt: isoTime(endedAtUs) };
  return { headers, body: bodyJson(body), trailers, version, ...times };
}
