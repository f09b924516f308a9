/**
 * The page of `show`: one exchange as a person wants to see it. Pure. What is missing or was taken out is said in words
 * before the messages, so that nobody takes a torn body for a whole one.
 */
import {
  type Body,
  type ContainerInfo,
  type Exchange,
  type HeaderList,
  type HttpRequest,
  type HttpResponse,
  outcomeWords,
  type PodInfo,
  problemWords,
  type RawStream,
  unreadReasonWords,
} from '../tape/model/exchange';
import { summaryOf } from '../tape/store/summary';
import type { ExchangeSummary, StoredExchange } from '../tape/store/tape';
import { shownBody } from './body-text';
import type { colorsFor } from './terminal';
import { visibleLine, visibleWire } from './terminal';
import { byteCount, isoTime, milliseconds } from './when';

type Colors = ReturnType<typeof colorsFor>;

/** The lines of the page. `sessionNote` is what is wrong with the session as a whole; null where nothing is. */
export function pageLines(
  stored: StoredExchange,
  colors: Colors,
  sessionNote: string | null = null,
): readonly string[] {
  const { exchange } = stored;
  const summary = summaryOf(stored);
  const messages =
    exchange.raw === null
      ? [...requestLines(exchange.request, colors), '', ...responseLines(exchange.response, summary, colors)]
      : rawLines(exchange.raw, colors);
  return [
    colors.bold(titleOf(summary)),
    ...factLines(stored, summary).map(([name, fact]) => `  ${colors.dim(name.padEnd(12))}${fact}`),
    ...problemLines(stored, colors),
    ...(sessionNote === null ? [] : [warning(sessionNote, colors)]),
    '',
    ...messages,
  ];
}

function titleOf({ id, direction, method, host, path, status, outcome }: ExchangeSummary): string {
  const what = method === null ? '' : `  ${method} ${host ?? ''}${path ?? ''}`;
  return visibleWire(`exchange ${id}  ${direction}${what}  ->  ${status ?? outcome}`);
}

type Fact = readonly [name: string, fact: string];

function factLines(stored: StoredExchange, summary: ExchangeSummary): readonly Fact[] {
  const { cause, process, session } = summary;
  return [
    ['time', timing(stored, summary)],
    ['connection', connectionText(summary)],
    ['process', visibleLine(`${process.name} (pid ${process.pid}), session ${session}`)],
    ...(process.container === undefined ? [] : [['container', visibleLine(containerText(process.container))] as const]),
    ...(cause === null ? [] : [['cause', visibleLine(`made during exchange ${cause.id} (${cause.method})`)] as const]),
    ...redactedFacts(stored),
  ];
}

/** `api (e72df2990809), image node:24, pod api-7c9f of namespace shop`: as much of it as is known. */
function containerText({ id, name, image, pod }: ContainerInfo): string {
  const short = id.slice(0, 12);
  return [
    name === null ? `${short}, its name could not be read` : `${name} (${short})`,
    ...(image === null ? [] : [`image ${image}`]),
    ...(pod === null ? [] : [podText(pod)]),
  ].join(', ');
}

function podText({ id, name, namespace }: PodInfo): string {
  const place = namespace === null ? '' : ` of namespace ${namespace}`;
  return `pod ${name ?? id?.slice(0, 12) ?? 'not known'}${place}`;
}

/** When it began and how long it took; for an answer also how long it was waited for. */
function timing({ exchange }: StoredExchange, { startedAtUs, durationUs }: ExchangeSummary): string {
  const began = isoTime(startedAtUs).replace('T', ' ').replace('Z', ' UTC');
  if (durationUs === null) return `${began}, its end was not seen`;
  const { request, response } = exchange;
  const waitedUs = request === null || response === null ? -1 : response.startedAtUs - request.endedAtUs;
  const waited = waitedUs < 0 ? '' : ` (first byte of the answer after ${milliseconds(waitedUs)} ms)`;
  return `${began}, took ${milliseconds(durationUs)} ms${waited}`;
}

function connectionText(summary: ExchangeSummary): string {
  const { connectionId, seq, direction, local, remote, protocol, rawProtocol } = summary;
  const arrow = direction === 'inbound' ? '<-' : '->';
  const ends = local === null && remote === null ? 'socket not known' : `${local ?? '?'} ${arrow} ${remote ?? '?'}`;
  const spoken = rawProtocol === null ? protocol : `${protocol} (${rawProtocol})`;
  return visibleLine(`${connectionId}, exchange ${seq + 1} on it; ${ends}; ${spoken}, ${securityText(summary)}`);
}

function securityText({ tls, unreadTls }: ExchangeSummary): string {
  if (unreadTls !== null)
    return `TLS that was not read (${unreadTls.library}: ${unreadReasonWords[unreadTls.reason] ?? unreadTls.reason})`;
  return tls === null ? 'not encrypted' : `TLS, read from ${tls.library}`;
}

/** One line a place, named once for all of them. */
function redactedFacts({ redacted }: StoredExchange): readonly Fact[] {
  return redacted.map(({ in: message, path, rule }, i) => [
    i === 0 ? 'redacted' : '',
    visibleLine(`${message} ${path}  (rule ${rule})`),
  ]);
}

function problemLines({ exchange }: StoredExchange, colors: Colors): readonly string[] {
  const { problems, outcome } = exchange;
  const lines = problems.map(
    (problem) => `${problem}: ${problemWords[problem] ?? 'a word this wiretape does not know'}`,
  );
  if (isOutcomeWorthALine(exchange)) lines.push(`${outcome}: ${outcomeWords[outcome] ?? 'unknown'}`);
  return lines.map((line) => warning(line, colors));
}

function warning(line: string, colors: Colors): string {
  return `  ${colors.yellow('!'.padEnd(12))}${visibleLine(line)}`;
}

/** Where an answer is missing, its place says why; and being closed is how a raw stream ends. */
function isOutcomeWorthALine({ outcome, raw, response }: Exchange): boolean {
  if (outcome === 'response') return false;
  return raw === null ? response !== null : outcome !== 'closed';
}

function requestLines(request: HttpRequest | null, colors: Colors): readonly string[] {
  if (request === null) return [colors.bold('request'), 'none was seen'];
  const line = visibleWire(`${request.method} ${request.target} HTTP/${request.version}`);
  return messageLines('request', [line], request, colors);
}

function responseLines(response: HttpResponse | null, { outcome }: ExchangeSummary, colors: Colors): readonly string[] {
  if (response === null) return [colors.bold('response'), `none: ${outcomeWords[outcome] ?? outcome}`];
  const early = response.informational.flatMap(({ status, headers }) => [
    `HTTP/${response.version} ${status}`,
    ...headerLines(headers, colors),
    '',
  ]);
  const line = visibleWire(`HTTP/${response.version} ${response.status} ${response.reason}`.trimEnd());
  return messageLines('response', [...early, line], response, colors);
}

interface Message {
  readonly headers: HeaderList;
  readonly body: Body;
  readonly trailers: HeaderList;
}

function messageLines(name: string, opening: readonly string[], message: Message, colors: Colors): readonly string[] {
  const { kind, problem, lines } = shownBody(message.headers, message.body);
  const body = lines.length === 0 ? [] : ['', ...lines];
  const trailers =
    message.trailers.length === 0 ? [] : ['', colors.dim('trailers'), ...headerLines(message.trailers, colors)];
  return [
    `${colors.bold(name)}${kind === '' ? '' : colors.dim(`  body: ${kind}`)}${problem === null ? '' : colors.yellow(`  ! ${visibleLine(problem)}`)}`,
    ...opening,
    ...headerLines(message.headers, colors),
    ...body,
    ...trailers,
  ];
}

function headerLines(headers: HeaderList, colors: Colors): readonly string[] {
  return headers.map(([name, value]) => `${colors.cyan(visibleWire(name))}: ${visibleWire(value)}`);
}

function rawLines(raw: RawStream, colors: Colors): readonly string[] {
  return [
    ...rawSide('to the server', raw.requestSize, raw.requestBytes, colors),
    '',
    ...rawSide('to the client', raw.responseSize, raw.responseBytes, colors),
  ];
}

function rawSide(name: string, size: number, bytes: Uint8Array | null, colors: Colors): readonly string[] {
  if (bytes === null) {
    return [colors.bold(name), size === 0 ? 'nothing' : `${byteCount(size)}, not kept (record --keep-raw keeps them)`];
  }
  const { kind, problem, lines } = shownBody([], { bytes, codings: [], wireSize: size });
  return [
    `${colors.bold(name)}${colors.dim(`  ${kind === '' ? 'nothing' : kind}`)}${problem === null ? '' : colors.yellow(`  ! ${problem}`)}`,
    ...lines,
  ];
}
