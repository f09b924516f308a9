/**
 * Which cases of a recording say the same: one of each kind is played, the others are left out. The same are reads of one
 * endpoint with one result, whose requests and answers have one shape, after the same last write to what they ask for, and
 * during which the service called the same. Whatever may leave something behind is kept, and so is every case that gives
 * a kept one a value it carries. Pure.
 */
import { createHash } from 'node:crypto';
import { jsonIn, viewBody } from '../../tape/body/view';
import { safeMethods } from '../../tape/http/safe-methods';
import { addressOf, type HttpResponse } from '../../tape/model/http/http';
import { operationOf } from '../../tape/model/registry';
import type { StoredExchange } from '../../tape/store/tape';
import { isRunnable, type RunnableCase, type TestCase } from '../cases/cases';
import { pathTemplate } from '../cases/name';
import { withSetUp } from '../correlate/set-up';
import { textWithoutMade } from '../noise/made';
import { requestShape, responseShape } from './shape';

export interface Deduped {
  /** In the order of the recording; what only others need is marked as set-up. */
  readonly kept: readonly TestCase[];
  /** Those that stand for others. */
  readonly groups: readonly Group[];
}

export interface Group {
  readonly representative: TestCase;
  readonly leftOut: readonly TestCase[];
}

/** `outbound` is what the service called, by its cause. */
export function dedupe(cases: readonly TestCase[], outbound: readonly StoredExchange[]): Deduped {
  const calls = callsByCase(outbound);
  const writes = new Writes();
  const groups = new Map<
    string,
    { readonly kept: TestCase; readonly others: TestCase[]; readonly said: Set<string> }
  >();
  const chosen = new Set<string>();
  for (const test of cases) {
    const key = isRead(test) ? `${keyOf(test, calls)}\n${writes.lastFor(test)}` : null;
    if (!isRead(test) && isRunnable(test)) writes.note(test);
    const group = key === null ? undefined : groups.get(key);
    if (group === undefined) {
      if (key !== null) groups.set(key, { kept: test, others: [], said: new Set([saying(test)]) });
      chosen.add(test.id);
    } else if (isNews(test, group)) chosen.add(test.id);
    else group.others.push(test);
  }
  const kept = withSetUp(cases, ({ id }) => chosen.has(id));
  const ids = new Set(kept.map(({ id }) => id));
  const found = [...groups.values()].map(({ kept: representative, others }) => ({
    representative,
    leftOut: others.filter(({ id }) => !ids.has(id)),
  }));
  return { kept, groups: found.filter(({ leftOut }) => leftOut.length > 0) };
}

/** One request that is asked again is a look at what went on meanwhile, where its answer is another. */
function isNews(test: TestCase, { kept, said }: { readonly kept: TestCase; readonly said: Set<string> }): boolean {
  const text = saying(test);
  if (said.has(text)) return false;
  const asked = asking(test);
  const isAskedAgain = asking(kept) === asked || [...said].some((other) => other.startsWith(asked));
  said.add(text);
  return isAskedAgain;
}

function isRead(test: TestCase): test is RunnableCase {
  if (!isRunnable(test)) return false;
  const { verb, over } = operationOf(test.stored.exchange);
  return over === null ? safeMethods.has(test.request.method) : verb === 'query';
}

function keyOf({ name, stored, request, response }: RunnableCase, calls: ReadonlyMap<string, string>): string {
  const { connection } = stored.exchange;
  const port = connection.local?.replace(/^.*:/, '') ?? '';
  const where = [addressOf(request).host ?? '', port, connection.tls === null ? '' : 'tls'].join(' ');
  return [name, where, requestShape(request), responseShape(response), calls.get(stored.id) ?? ''].join('\n');
}

function asking(test: TestCase): string {
  if (!isRunnable(test)) return test.id;
  const { method, target, body, headers } = test.request;
  const who = headers.filter(([name]) => /^(?:authorization|cookie|host)$/i.test(name)).join('\n');
  return createHash('sha256').update(`${method} ${target}\n${who}\n`).update(body.bytes).digest('hex');
}

function saying(test: TestCase): string {
  return isRunnable(test) ? `${asking(test)} ${answerText(test.response)}` : test.id;
}

function answerText({ headers, body }: HttpResponse): string {
  const json = jsonIn(viewBody(headers, body));
  const text = json === undefined ? body.bytes : textWithoutMade(json);
  return createHash('sha256').update(text).digest('hex');
}

/** What the service called during a case, each kind once: how often is timing. */
function callsByCase(outbound: readonly StoredExchange[]): ReadonlyMap<string, string> {
  const calls = new Map<string, Set<string>>();
  for (const { causeId, exchange } of outbound) {
    if (causeId === null) continue;
    const { verb, authority, target, result } = operationOf(exchange);
    const place = verb === null ? `${exchange.protocol} ${exchange.connection.remote}` : pathTemplate(target ?? '');
    const own = calls.get(causeId) ?? new Set();
    calls.set(causeId, own.add(`${verb ?? ''} ${authority ?? ''}${place} ${result ?? exchange.outcome}`));
  }
  return new Map([...calls].map(([id, own]) => [id, [...own].sort().join('\n')]));
}

/** Writes that were answered, by where they are made. */
class Writes {
  private readonly made: { readonly segments: readonly string[]; readonly name: string }[] = [];

  note({ request, response, name }: RunnableCase): void {
    if (response.status < 400) this.made.push({ segments: segmentsOf(request), name });
  }

  /** The last one at the path of a read, above it or below it. */
  lastFor({ request }: RunnableCase): string {
    const own = segmentsOf(request);
    return this.made.findLast(({ segments }) => isWithin(segments, own) || isWithin(own, segments))?.name ?? '';
  }
}

function segmentsOf(request: RunnableCase['request']): readonly string[] {
  return (addressOf(request).path.split('?')[0] ?? '').split('/').filter((each) => each !== '');
}

function isWithin(outer: readonly string[], inner: readonly string[]): boolean {
  return outer.every((segment, i) => inner[i] === segment);
}
