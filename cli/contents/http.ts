/** How an exchange of HTTP is shown. */
import { outcomeWords } from '../../tape/model/exchange';
import type { HttpContent, HttpRequest, HttpResponse } from '../../tape/model/http/http';
import { visibleWire } from '../terminal';
import { byteCount, isoTime } from '../when';
import type { Colors, ContentView, Page } from './content-view';
import { bodyJson, headerLines, messageLines } from './parts';

export const httpView: ContentView<HttpContent> = {
  lines: ({ request, response }, page) => [...requestLines(request, page.colors), '', ...responseLines(response, page)],
  json: ({ request, response }) => ({ request: requestJson(request), response: responseJson(response) }),
  waitedUs: ({ request, response }) => {
    const waitedUs = request === null || response === null ? -1 : response.startedAtUs - request.endedAtUs;
    return waitedUs < 0 ? null : waitedUs;
  },
};

function requestLines(request: HttpRequest | null, colors: Colors): readonly string[] {
  if (request === null) return [colors.bold('request'), 'none was seen'];
  const line = visibleWire(`${request.method} ${request.target} HTTP/${request.version}`);
  const { scheme, authority, protocol } = request;
  const named = authority === undefined ? [] : headerLines([[':authority', authority]], colors);
  const schemed = scheme === undefined ? [] : headerLines([[':scheme', scheme]], colors);
  const spoken = protocol === undefined ? [] : headerLines([[':protocol', protocol]], colors);
  return messageLines('request', [line, ...schemed, ...named, ...spoken], request, colors);
}

function responseLines(response: HttpResponse | null, { outcome, colors, messages }: Page): readonly string[] {
  if (response === null) return [colors.bold('response'), `none: ${outcomeWords[outcome] ?? outcome}`];
  const early = response.informational.flatMap(({ status, headers }) => [
    `HTTP/${response.version} ${status}`,
    ...headerLines(headers, colors),
    '',
  ]);
  const line = visibleWire(`HTTP/${response.version} ${response.status} ${response.reason}`.trimEnd());
  const { body } = response;
  if (messages === 0 || body.bytes.length > 0) return messageLines('response', [...early, line], response, colors);
  const lines = messageLines('response', [...early, line], { ...response, body: { ...body, wireSize: 0 } }, colors);
  return body.wireSize === 0
    ? lines
    : [...lines, '', `(its body of ${byteCount(body.wireSize)} are the messages below)`];
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
  return { ...messageJson(response), reason, informational };
}

function messageJson({ headers, body, trailers, version, startedAtUs, endedAtUs }: HttpRequest | HttpResponse) {
  const times = { startedAt: isoTime(startedAtUs), endedAt: isoTime(endedAtUs) };
  return { headers, body: bodyJson(body), trailers, version, ...times };
}
