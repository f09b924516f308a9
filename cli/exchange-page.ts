/**
 * The page of `show`: one exchange as a person wants to see it. Pure. What is missing or was taken out is said in words
 * before the messages, so that nobody takes a torn body for a whole one.
 */

import { nameSourceWords } from '../tape/model/connection-facts';
import { protocolLineOf } from '../tape/model/content-model';
import {
  type ContainerInfo,
  type Exchange,
  outcomeWords,
  type PodInfo,
  type ProcessInfo,
  problemWords,
  unreadReasonWords,
  wayWords,
} from '../tape/model/exchange';
import { type MessageFacts, writingFacts } from '../tape/model/message';
import { turnKind } from '../tape/model/raw/turns';
import { modelFor, operationOf } from '../tape/model/registry';
import { summaryOf } from '../tape/store/summary';
import type { ExchangeSummary, StoredExchange } from '../tape/store/tape';
import type { Colors } from './contents/content-view';
import { messageLines } from './contents/parts';
import { viewFor } from './contents/registry';
import { visibleLine, visibleWire } from './terminal';
import { byteCount, isoTime, milliseconds } from './when';

/** The lines of the page. `sessionNote` is what is wrong with the session as a whole; null where nothing is. */
export function pageLines(
  stored: StoredExchange,
  colors: Colors,
  sessionNote: string | null = null,
): readonly string[] {
  const { exchange } = stored;
  const summary = summaryOf(stored);
  const { protocol, content, outcome } = exchange;
  return [
    colors.bold(titleOf(summary)),
    ...factLines(stored, summary).map(([name, fact]) => `  ${colors.dim(name.padEnd(12))}${fact}`),
    ...problemLines(stored, colors),
    ...(sessionNote === null ? [] : [warning(sessionNote, colors)]),
    '',
    ...viewFor(protocol).lines(content, { outcome, colors, messages: exchange.messages.length }),
    ...streamLines(stored, colors),
  ];
}

function titleOf({ id, direction, operation, outcome }: ExchangeSummary): string {
  const { verb, target, result } = protocolLineOf(operation);
  const what = verb === null ? '' : `  ${verb} ${operation.authority ?? ''}${target ?? ''}`;
  return visibleWire(`exchange ${id}  ${direction}${what}  ->  ${result ?? outcome}`);
}

type Fact = readonly [name: string, fact: string];

function factLines(stored: StoredExchange, summary: ExchangeSummary): readonly Fact[] {
  const { cause, process, session } = summary;
  const container = process?.container;
  return [
    ...spokenFacts(summary),
    ['time', timing(stored, summary)],
    ['connection', connectionText(summary)],
    ...nameFacts(stored),
    ...handshakeFacts(stored),
    ...transportFacts(stored),
    ...wayFacts(stored),
    ['process', visibleLine(`${processText(process)}, session ${session}`)],
    ...programFacts(stored),
    ...(container === undefined ? [] : [['container', visibleLine(containerText(container))] as const]),
    ...(cause === null ? [] : [['cause', visibleLine(`made during exchange ${cause.id} (${cause.method})`)] as const]),
    ...redactedFacts(stored),
  ];
}

/** What was asked for in the words of the application that is spoken over the protocol. */
function spokenFacts({ operation }: ExchangeSummary): readonly Fact[] {
  const { verb, target, result, application, over } = operation;
  if (over === null) return [];
  const came = result === null || result === over.result ? '' : ` -> ${result}`;
  return [['operation', visibleLine(`${application} ${verb} ${target}${came}`)]];
}

/** The host as TLS was asked for it, and as its address was asked for. */
function nameFacts({ exchange }: StoredExchange): readonly Fact[] {
  const { serverName, hostName } = exchange.connection;
  return [
    ...(serverName === undefined
      ? []
      : [['server name', `${visibleLine(serverName)}, in the client's hello`] as const]),
    ...(hostName === undefined
      ? []
      : [['host name', visibleLine(`${hostName.name}: ${nameSourceWords[hostName.source]}`)] as const]),
  ];
}

function handshakeFacts({ exchange }: StoredExchange): readonly Fact[] {
  const { handshake } = exchange.connection;
  if (handshake === undefined) return [];
  const { version, cipher, offered, agreed, tookUs } = handshake;
  const words = [
    ...(version === null ? [] : [`TLS ${version}`.replace('TLS SSL', 'SSL')]),
    ...(cipher === null ? [] : [cipher]),
    ...(offered === null || offered.length === 0 ? [] : [`offered ${offered.join(' ')}`]),
    ...(agreed === null ? [] : [`agreed on ${agreed}`]),
    ...(tookUs === null ? [] : [`took ${milliseconds(tookUs)} ms`]),
  ];
  return words.length === 0 ? [] : [['handshake', visibleLine(words.join(', '))]];
}

function transportFacts({ exchange }: StoredExchange): readonly Fact[] {
  const { transport } = exchange.connection;
  if (transport === undefined) return [];
  const { sentBytes, receivedBytes, roundTripUs, retransmits, congestionWindow } = transport;
  const words = [
    `${byteCount(sentBytes)} sent, ${byteCount(receivedBytes)} received on all of it`,
    ...(roundTripUs === null ? [] : [`round trip ${milliseconds(roundTripUs)} ms`]),
    ...(retransmits === null ? [] : [`${retransmits} segments sent again`]),
    ...(congestionWindow === null ? [] : [`congestion window ${congestionWindow} segments`]),
  ];
  return [['transport', words.join(', ')]];
}

function programFacts({ exchange }: StoredExchange): readonly Fact[] {
  const { executable, command, user } = exchange.connection.process ?? {};
  const named = user === undefined || user.name === null ? '' : ` (${user.name})`;
  return [
    ...(executable === undefined ? [] : [['executable', visibleLine(executable)] as const]),
    ...(command === undefined ? [] : [['command', visibleLine(command)] as const]),
    ...(user === undefined ? [] : [['user', visibleLine(`${user.id}${named}`)] as const]),
  ];
}

/** One line a way in which some of the connection's bytes were taken. */
function wayFacts({ exchange }: StoredExchange): readonly Fact[] {
  const { ways = [] } = exchange.connection;
  return ways.map((way, i) => [i === 0 ? 'bytes' : '', `some taken ${wayWords[way]}`]);
}

function processText(process: ProcessInfo | null): string {
  return process === null ? 'not known' : `${process.name} (pid ${process.pid})`;
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
  const waitedUs = viewFor(exchange.protocol).waitedUs(exchange.content);
  const waited = waitedUs === null ? '' : ` (first byte of the answer after ${milliseconds(waitedUs)} ms)`;
  return `${began}, took ${milliseconds(durationUs)} ms${waited}`;
}

function connectionText(summary: ExchangeSummary): string {
  const { connectionId, channel, seq, direction, local, remote, protocol, operation } = summary;
  const { application } = operation;
  const arrow = direction === 'inbound' ? '<-' : '->';
  const ends = local === null && remote === null ? 'socket not known' : `${local ?? '?'} ${arrow} ${remote ?? '?'}`;
  const spoken = application === null ? protocol : `${protocol} (${application})`;
  const on = channel === null ? 'on it' : `on it, channel ${channel}`;
  return visibleLine(`${connectionId}, exchange ${seq + 1} ${on}; ${ends}; ${spoken}, ${securityText(summary)}`);
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
function isOutcomeWorthALine(exchange: Exchange): boolean {
  const { outcome, protocol } = exchange;
  if (outcome === 'response') return false;
  return modelFor(protocol).isParsed ? operationOf(exchange).result !== null : outcome !== 'closed';
}

function factTexts(facts: MessageFacts): readonly string[] {
  return Object.entries(facts)
    .filter(([name, fact]) => !writingFacts.includes(name) && fact !== '' && fact !== null)
    .map(([name, fact]) => (fact === true ? name : `${name} ${fact}`));
}

/** The messages of a stream, one after another. */
function streamLines({ exchange }: StoredExchange, colors: Colors): readonly string[] {
  return exchange.messages.flatMap((message, i) => {
    const { from, kind, startedAtUs, facts, body } = message;
    const sender = from === 'client' ? 'to the server' : 'to the client';
    const after = milliseconds(Math.max(0, startedAtUs - exchange.startedAtUs));
    const elsewhere = body.bytes.length === 0 && kind === turnKind ? [byteCount(body.wireSize)] : [];
    const words = [`message ${i + 1}`, sender, kind, ...elsewhere, `after ${after} ms`, ...factTexts(facts)];
    const title = visibleLine(words.join(', '));
    const type = modelFor(exchange.protocol).messageFields(exchange.content, message);
    // Sizes on the wire are those of another form, compressed or with field names, unless something is missing.
    const isCut = facts.problem !== undefined && facts.compressed !== true;
    const wireSize = isCut ? body.wireSize : body.bytes.length;
    return ['', ...messageLines(title, [], { headers: [], type, body: { ...body, wireSize }, trailers: [] }, colors)];
  });
}
