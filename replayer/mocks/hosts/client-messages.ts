/**
 * Which recorded message of the client a live one is: by the same matching as requests, each message a request of its own that
 * has nothing but a body. Rules that begin with `message[*]` speak of them, and where messages are the elements of a body,
 * those that begin with `body[*]`.
 */
import { type Body, noBytes } from '../../../tape/model/body';
import type { HttpRequest } from '../../../tape/model/http/http';
import type { Message } from '../../../tape/model/message';
import { formatPath, type PathPattern } from '../../../tape/model/path';
import type { RedactionEntry } from '../../../tape/redact/redacted';
import type { NoiseRule } from '../../noise/rules';
import type { Answering } from '../answering';
import type { Asked } from '../front/asked';
import { rulesFor } from '../match/entry';
import { createMatcher, type Matcher } from '../match/matcher';
import { explainMiss, type Miss } from '../match/miss';
import type { Mock } from '../mock';

export type Heard =
  | { readonly kind: 'known'; readonly position: number }
  | { readonly kind: 'miss'; readonly miss: Miss };

/** How one protocol says things, and what of it counts. */
export interface Manner {
  /** Whether it was said, and does not only keep or end the connection. */
  isSaid(kind: string): boolean;
  /** What tells the type of a message: '' where its kind does. */
  readonly type: string;
  /** The message in a few words, without what redaction takes. */
  shown(message: HttpRequest): string;
}

export class ClientMessages {
  private readonly positions: readonly number[];
  private readonly matcher: Matcher;

  constructor(
    private readonly mock: Mock,
    messages: readonly Message[],
    private readonly options: { readonly answering: Answering; readonly manner: Manner },
  ) {
    const { answering, manner } = options;
    this.positions = [...messages.keys()].filter((i) => isClients(messages[i], manner));
    const mocks = this.positions.map((position, index) => this.mockOf(messages[position], { position, index }));
    const { keyed, rules } = answering.matching;
    const matching = { keyed, rules: rulesOfMessages(rulesFor(mock.request, rules), manner) };
    const { shelved: _, ...set } = answering.set;
    this.matcher = createMatcher({ ...set, mocks, refusals: [] }, matching);
  }

  /** The first recorded message that fits and was not said yet; when all were, the last one again. */
  hear(kind: string, body: Body, asked: Asked): Heard {
    const { answering, manner } = this.options;
    const { host, upstream } = this.mock;
    const { request, entries } = answering.redact(this.askedBy(kind, body, Date.now() * 1000));
    const match = this.matcher.match({ host, upstream, request, redacted: entries }, '');
    if (match.kind === 'match') return { kind: 'known', position: this.positionOf(match.mock) };
    const { upstreams } = answering.set;
    const policy = answering.options.onMiss === '404' ? '404' : 'fail';
    const placeOf = (mock: Mock) => ['message', this.positionOf(mock)];
    const within = { method: this.mock.request.method, shown: manner.shown(match.entry.request), placeOf };
    const { tls } = asked.arrival;
    const context = { matcher: this.unsaid(), upstreams, tls, process: answering.whoAsked(asked), within };
    return { kind: 'miss', miss: explainMiss(match.entry, { ...context, policy }) };
  }

  /** A miss is held against what the client has still to say, where that is anything. */
  private unsaid(): Matcher {
    const unsaid = new Set(this.matcher.unused().mocks);
    if (unsaid.size === 0) return this.matcher;
    return { ...this.matcher, entries: this.matcher.entries.filter(({ mock }) => unsaid.has(mock)) };
  }

  private positionOf({ index }: Mock): number {
    return this.positions[index] ?? -1;
  }

  private mockOf(
    message: Message | undefined,
    { position, index }: { readonly position: number; readonly index: number },
  ): Mock {
    const place = formatPath(['message', position]);
    return {
      ...this.mock,
      index,
      request: this.askedBy(message?.kind ?? '', message?.body ?? nothing, message?.startedAtUs ?? 0),
      redacted: entriesWithin(this.mock.redacted, `${place}.`),
    };
  }

  /** Its kind stands for the method: a text is not the same as bytes that say it. */
  private askedBy(kind: string, body: Body, atUs: number): HttpRequest {
    const { request } = this.mock;
    const { type } = this.options.manner;
    const host = request.headers.filter(([name]) => name.toLowerCase() === 'host');
    const headers = type === '' ? host : [...host, ['content-type', type] as const];
    return { ...request, method: kind, headers, body, startedAtUs: atUs, endedAtUs: atUs };
  }
}

function isClients(message: Message | undefined, { isSaid }: Manner): boolean {
  return message?.from === 'client' && isSaid(message.kind);
}

const nothing: Body = { bytes: noBytes, codings: [], wireSize: 0 };

function entriesWithin(entries: readonly RedactionEntry[], before: string): readonly RedactionEntry[] {
  return entries
    .filter(({ path }) => path.startsWith(before))
    .map((entry) => ({ ...entry, path: entry.path.slice(before.length) }));
}

/** As places in a message. A rule that names one message by its number says nothing of a live one, which has none. */
function rulesOfMessages(rules: readonly NoiseRule[], { type }: Manner): readonly NoiseRule[] {
  return rules.flatMap((rule) => {
    const path = withinMessage(rule.path, type !== '');
    return path === null ? [] : [{ ...rule, path, match: null }];
  });
}

function withinMessage([root, which, ...steps]: PathPattern, isElement: boolean): PathPattern | null {
  if (typeof which !== 'object') return null;
  if (isElement && root === 'body') return which.wildcard === 'any' ? ['body', ...steps] : ['body', which, ...steps];
  if (root !== 'message') return null;
  return which.wildcard === 'any' ? steps : [which, ...steps];
}
