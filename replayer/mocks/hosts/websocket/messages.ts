/**
 * Which recorded message of the client a live one is: by the same ladder as requests, each message a request of its own that
 * has nothing but a body. Rules that begin with `message[*]` speak of them.
 */
import { type Body, noBytes } from '../../../../tape/model/body';
import type { HttpRequest } from '../../../../tape/model/http/http';
import type { Message } from '../../../../tape/model/message';
import { formatPath, type PathPattern } from '../../../../tape/model/path';
import type { RedactionEntry } from '../../../../tape/redact/redacted';
import { isData } from '../../../cases/conversation';
import type { NoiseRule } from '../../../noise/rules';
import type { Answering } from '../../answering';
import { rulesFor } from '../../match/entry';
import { createMatcher, type Matcher } from '../../match/matcher';
import { explainMiss, type Miss } from '../../match/miss';
import type { Mock } from '../../mock';
import type { ConversationAnswer } from './read';

export type Heard =
  | { readonly kind: 'known'; readonly position: number }
  | { readonly kind: 'miss'; readonly miss: Miss };

export class ClientMessages {
  private readonly positions: readonly number[];
  private readonly matcher: Matcher;

  constructor(
    private readonly mock: Mock,
    { messages }: ConversationAnswer,
    private readonly answering: Answering,
  ) {
    this.positions = [...messages.keys()].filter((i) => isClients(messages[i]));
    const mocks = this.positions.map((position, index) => mockOf(mock, messages[position], { position, index }));
    const { keyed, rules } = answering.matching;
    const matching = { keyed, rules: rulesOfMessages(rulesFor(mock.request, rules)) };
    this.matcher = createMatcher({ ...answering.set, mocks, refusals: [] }, matching);
  }

  /** The first recorded message that fits and was not said yet; when all were, the last one again. */
  hear(kind: 'text' | 'binary', bytes: Uint8Array, tls: boolean): Heard {
    const { upstream } = this.mock;
    const live = askedBy(this.mock, kind, { bytes, codings: [], wireSize: bytes.length });
    const { request, entries } = this.answering.redact(live);
    const match = this.matcher.match({ host: 'websocket', upstream, request, redacted: entries }, '');
    if (match.kind === 'match') return { kind: 'known', position: this.positionOf(match.mock) };
    const { upstreams } = this.answering.set;
    const policy = this.answering.options.onMiss === '404' ? '404' : 'fail';
    const placeOf = (mock: Mock) => ['message', this.positionOf(mock)];
    const within = { method: this.mock.request.method, shown: shown(match.entry.request), placeOf };
    return { kind: 'miss', miss: explainMiss(match.entry, { matcher: this.matcher, upstreams, tls, policy, within }) };
  }

  private positionOf({ index }: Mock): number {
    return this.positions[index] ?? -1;
  }
}

const longestShown = 60;

/** `the text {"type":"open"}`, without what redaction takes. */
function shown({ method, body }: HttpRequest): string {
  if (method !== 'text') return `${body.bytes.length} bytes`;
  const text = Buffer.from(body.bytes).toString('utf8');
  return `the text ${text.length > longestShown ? `${text.slice(0, longestShown)}…` : text}`;
}

function isClients(message: Message | undefined): boolean {
  return message?.from === 'client' && isData(message.kind);
}

const nothing: Body = { bytes: noBytes, codings: [], wireSize: 0 };

function mockOf(
  mock: Mock,
  message: Message | undefined,
  { position, index }: { readonly position: number; readonly index: number },
): Mock {
  const place = formatPath(['message', position]);
  return {
    ...mock,
    index,
    request: askedBy(mock, message?.kind ?? '', message?.body ?? nothing),
    redacted: entriesWithin(mock.redacted, `${place}.`),
  };
}

/** Its kind stands for the method: a text is not the same as bytes that say it. */
function askedBy({ request }: Mock, kind: string, body: Body): HttpRequest {
  const headers = request.headers.filter(([name]) => name.toLowerCase() === 'host');
  return { ...request, method: kind, headers, body };
}

function entriesWithin(entries: readonly RedactionEntry[], before: string): readonly RedactionEntry[] {
  return entries
    .filter(({ path }) => path.startsWith(before))
    .map((entry) => ({ ...entry, path: entry.path.slice(before.length) }));
}

/** As places in a message. A rule that names one message by its number says nothing of a live one, which has none. */
function rulesOfMessages(rules: readonly NoiseRule[]): readonly NoiseRule[] {
  return rules.flatMap((rule) => {
    const path = withinMessage(rule.path);
    return path === null ? [] : [{ ...rule, path, match: null }];
  });
}

function withinMessage([root, which, ...steps]: PathPattern): PathPattern | null {
  if (root !== 'message' || typeof which !== 'object') return null;
  return which.wildcard === 'any' ? steps : [which, ...steps];
}
