/** Described messages as messages of an exchange again. Does no file access. */
import { WiretapeError } from '../../errors/wiretape-error';
import type { Message } from '../../tape/model/message';
import type { MessageDescription, MessagesDescription } from './description';
import { restoreBody, type Shapes } from './restore-body';

export interface MessageSurroundings {
  /** When the exchange began. */
  readonly startedAtUs: number;
  readonly shapes: Shapes;
  readonly read: (file: string) => Uint8Array;
}

/** Throws FILE_UNREADABLE where their file holds no list of messages, and what `restoreBody` throws. */
export function restoreMessages(described: MessagesDescription, around: MessageSurroundings): readonly Message[] {
  return listed(described, around).map((each) => restoreMessage(each, around));
}

function listed(described: MessagesDescription, { read }: MessageSurroundings): readonly MessageDescription[] {
  if (isList(described)) return described;
  const { file } = described;
  try {
    const list = JSON.parse(Buffer.from(read(file)).toString('utf8')) as unknown;
    if (!Array.isArray(list)) throw new TypeError('it is no list');
    return list as readonly MessageDescription[];
  } catch (cause) {
    if (cause instanceof WiretapeError) throw cause;
    throw new WiretapeError('FILE_UNREADABLE', `Cannot read ${file} of the suite: ${(cause as Error).message}`, {
      remedy: 'Mend the JSON, or generate the suite again',
      cause,
    });
  }
}

function isList(described: MessagesDescription): described is readonly MessageDescription[] {
  return Array.isArray(described);
}

function restoreMessage(described: MessageDescription, { startedAtUs, shapes, read }: MessageSurroundings): Message {
  const { from, kind, atMs, tookMs = 0, facts = {}, codings = [] } = described;
  const endedAtUs = startedAtUs + Math.round(atMs * 1000);
  const shape = from === 'client' ? shapes.request : shapes.response;
  return {
    from,
    kind,
    startedAtUs: endedAtUs - Math.round(tookMs * 1000),
    endedAtUs,
    facts,
    body: restoreBody(described, { codings, read, shape }),
  };
}
