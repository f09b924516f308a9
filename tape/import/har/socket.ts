/**
 * Messages of WebSockets, as Chromium's developer tools save them and others after them: `_webSocketMessages` of an
 * entry. A frame that opens with opcode 1 is there as text, any other in base64. Members that begin with an underscore
 * are wiretape's own, and say what the others have no place for.
 */
import { isProblem, type Problem } from '../../model/exchange';
import type { HttpContent } from '../../model/http/http';
import type { Message, MessageFacts } from '../../model/message';
import { closeFacts, kindOfOpcode } from '../../model/websocket/frames';
import { socketOf, type WebSocketKind } from '../../model/websocket/websocket';
import type { Became } from '../draft';
import type { Notes } from '../importer';
import type { Place } from '../place';

export interface Said {
  readonly messages: readonly Message[];
  readonly problems: readonly Problem[];
  /** What the browser said of how it broke; null where it did not. */
  readonly error: string | null;
}

/** Null where the file says nothing of messages. What cannot be read of them is a problem of the exchange; never throws. */
export function saidIn(entry: Place, notes: Notes): Said | null {
  const list = entry.at('_webSocketMessages');
  if (list.isMissing) return null;
  const problems = new Set<Problem>();
  const messages: Message[] = [];
  let error: string | null = null;
  for (const item of list.listOr([list])) {
    if (isError(item)) {
      error = `${error ?? ''} ${item.at('data').textOr('')}`;
      notes.add('errors of WebSockets, which are no messages: they say how the connection ended');
      continue;
    }
    const message = messageIn(item);
    if (message === null) {
      notes.add('left out of the messages of WebSockets: their time, their direction or their opcode cannot be read');
      problems.add('not-in-file');
      continue;
    }
    const { problem } = message.facts;
    if (isProblem(problem)) problems.add(problem);
    if (problem === 'not-in-file') notes.add('messages of WebSockets whose data is not there, or is not in base64');
    messages.push(message);
  }
  return { messages, problems: [...problems], error };
}

/** Chromium's own mark between the messages. */
function isError(item: Place): boolean {
  return item.at('type').textOr('') === 'error' || item.at('opcode').numberOrNull() === -1;
}

const speakers = new Map<string, Message['from']>([
  ['send', 'client'],
  ['receive', 'server'],
]);

function messageIn(item: Place): Message | null {
  const from = speakers.get(item.at('type').textOr(''));
  const kind = kindOfOpcode(item.at('opcode').numberOrNull() ?? 0);
  const startedAtUs = momentAt(item.at('time'));
  if (from === undefined || kind === null || startedAtUs === null) return null;
  const payload = payloadIn(item, kind);
  const bytes = payload ?? Buffer.alloc(0);
  const told = item.at('_wireSize').numberOrNull() ?? -1;
  return {
    from,
    kind,
    startedAtUs,
    endedAtUs: Math.max(startedAtUs, momentAt(item.at('_endTime')) ?? startedAtUs),
    facts: {
      ...(kind === 'close' ? closeFacts(bytes) : {}),
      ...(payload === null ? { problem: 'not-in-file' } : {}),
      ...ownFacts(item.at('_facts')),
    },
    body: {
      bytes: kind === 'close' ? new Uint8Array(0) : bytes,
      codings: [],
      wireSize: Number.isSafeInteger(told) && told >= 0 ? told : bytes.length,
    },
  };
}

/** Seconds since the epoch, to the microsecond. Null for what is no such moment: milliseconds, a counter that is not there. */
function momentAt(time: Place): number | null {
  const us = Math.round((time.numberOrNull() ?? -1) * 1e6);
  return Number.isSafeInteger(us) && us >= 0 ? us : null;
}

/** Null where the file does not hold it. */
function payloadIn(item: Place, kind: WebSocketKind): Uint8Array | null {
  const isData = kind === 'text' || kind === 'binary';
  const text = item.at('data').textOr(isData ? null : '');
  if (text === null) return null;
  if (kind === 'text' && item.at('encoding').textOr('') !== 'base64') return Buffer.from(text);
  return isBase64(text) ? Buffer.from(text, 'base64') : null;
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

function ownFacts(from: Place): MessageFacts {
  const fragments = from.at('fragments').numberOrNull() ?? 1;
  const problem = from.at('problem').textOr('');
  return {
    ...(Number.isSafeInteger(fragments) && fragments > 1 ? { fragments } : {}),
    ...(from.at('compressed').isTrue ? { compressed: true } : {}),
    ...(isProblem(problem) ? { problem } : {}),
  };
}

/** What a handshake became. It ended with the entry, or with its last message where that is later. */
export function becameOf(handshake: HttpContent, messages: readonly Message[], entryEndedAtUs: number): Became {
  const endedAtUs = messages.reduce((last, message) => Math.max(last, message.endedAtUs), entryEndedAtUs);
  return { ...socketOf(handshake, messages), endedAtUs };
}
