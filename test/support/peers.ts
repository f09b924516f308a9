/** Peers of `npm run test:peers`: what they and a tape say of the same conversation, and the steps each pair is put through. */
import { existsSync, readFileSync } from 'node:fs';
import { decodeBody } from '../../tape/body/coding';
import { headerValue } from '../../tape/model/body';
import type { Direction, Exchange } from '../../tape/model/exchange';
import { operationOf } from '../../tape/model/registry';
import { httpIn } from './contents';
import { bodyHash, sha256 } from './recorder';

/** `CHANNEL client|server SHA256`, sorted: what a peer wrote, or what is on a tape. */
export type Said = readonly string[];

/** What a peer wrote into its log so far. */
export function saidIn(log: string): Said {
  const text = existsSync(log) ? readFileSync(log, 'utf8') : '';
  return text
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}

/** The same of exchanges. A message of an exchange that has many is one; of others the bodies are. */
export function saidOn(exchanges: readonly Exchange[]): Said {
  return exchanges.flatMap(linesOf).sort();
}

const controls: ReadonlySet<string> = new Set(['ping', 'pong', 'close', 'comment']);

function linesOf(exchange: Exchange): readonly string[] {
  const { request, response } = httpIn(exchange);
  const number = headerValue(request?.headers ?? [], 'x-call');
  const channel = `${request?.target}${number === undefined ? '' : `/${number}`}`;
  const messages = exchange.messages
    .filter(({ kind }) => !controls.has(kind))
    .map(({ from, body }) => `${channel} ${from} ${sha256(decodeBody(body).bytes)}`);
  const isConversation = number !== undefined || exchange.protocol === 'websocket';
  if (isConversation) return messages;
  const asked = `${channel} client ${bodyHash(request?.body)}`;
  return [asked, ...(messages.length > 0 ? messages : [`${channel} server ${bodyHash(response?.body)}`])];
}

/** A request that asked for HTTP/2 comes a second time with its answer. */
const isSwitch = (exchange: Exchange) => exchange.protocol === 'http1' && httpIn(exchange).response?.status === 101;

/** What was read that way. Clients that are in a hurry begin TLS on more connections than they use, and leave those: raw streams of TLS that say nothing. */
export function readGoing(direction: Direction, exchanges: readonly Exchange[]): readonly Exchange[] {
  const isLeft = ({ protocol, outcome }: Exchange) =>
    protocol === 'raw' && (outcome === 'closed' || outcome === 'reset');
  const isRead = (exchange: Exchange) => exchange.connection.direction === direction && !isLeft(exchange);
  return exchanges.filter((exchange) => isRead(exchange) && !isSwitch(exchange));
}

/** What is wrong with exchanges, each in a line. */
export function faultsOf(exchanges: readonly Exchange[]): readonly string[] {
  return exchanges
    .filter(({ problems, outcome }) => problems.length > 0 || outcome !== 'response')
    .map((one) => `${operationOf(one).target} ${one.outcome} ${one.problems.join(' ')}`);
}

/** The most that went on at one time. */
export function mostAtOnce(exchanges: readonly Exchange[]): number {
  const steps = exchanges.flatMap(({ startedAtUs, durationUs }) => [
    { atUs: startedAtUs, step: 1 },
    { atUs: startedAtUs + (durationUs ?? 0), step: -1 },
  ]);
  let [open, most] = [0, 0];
  for (const { step } of steps.sort((a, b) => a.atUs - b.atUs || a.step - b.step)) {
    open += step;
    most = Math.max(most, open);
  }
  return most;
}
