/** The messages of a live call as they come in, each once it is whole; what they take up is bounded. */
import { envelopesIn, prefixSize, readPrefix } from '../../../../tape/body/rpc/envelope';
import type { HeaderList } from '../../../../tape/model/body';
import type { Message } from '../../../../tape/model/message';
import type { Answering } from '../../answering';
import type { Asked } from '../../front/asked';

export type LiveMessage = Pick<Message, 'kind' | 'facts' | 'body'>;

export interface Listener {
  message(message: LiveMessage): void;
  /** The client says no more. */
  end(): void;
  /** It said more than there is room for; nothing comes after. */
  tooMuch(kind: 'too-large' | 'no-room'): void;
}

const grpc = { enveloping: 'grpc', message: '' } as const;

/** What the listener does it does under `guard`. What comes after the call is over is let pass unread. */
export function listen(asked: Asked, headers: HeaderList, answering: Answering, listener: Listener): void {
  const { body, reply } = asked;
  const { limits, budget } = answering;
  let held: Buffer = Buffer.alloc(0);
  let isOver = false;
  const hold = (bytes: Buffer): void => {
    budget.give(held.length);
    held = bytes;
  };
  const stop = (): void => {
    isOver = true;
    hold(Buffer.alloc(0));
  };
  const give = (message: LiveMessage): void => answering.guard(asked, () => listener.message(message));
  body.on('data', (chunk: Buffer) => {
    if (isOver) return;
    if (!budget.take(chunk.length)) {
      stop();
      answering.guard(asked, () => listener.tooMuch('no-room'));
      return;
    }
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const { whole, longest } = measured(held);
    if (longest > limits.bodyBytes) {
      stop();
      answering.guard(asked, () => listener.tooMuch('too-large'));
      return;
    }
    if (whole === 0) return;
    const messages = envelopesIn(held.subarray(0, whole), headers, grpc);
    budget.give(whole);
    held = Buffer.from(held.subarray(whole));
    for (const message of messages) if (!isOver) give(message);
  });
  body.on('end', () => {
    if (isOver) return;
    const [rest] = envelopesIn(held, headers, grpc);
    stop();
    answering.guard(asked, () => (rest === undefined ? listener.end() : listener.message(rest)));
  });
  body.on('error', stop); // the client left; `whenOver` follows
  reply.whenOver(stop);
}

/** `whole`: how many of the bytes are whole messages. `longest`: the length of the longest one, the one under way included. */
function measured(bytes: Buffer): { readonly whole: number; readonly longest: number } {
  let whole = 0;
  let longest = 0;
  while (whole + prefixSize <= bytes.length) {
    const { length } = readPrefix(bytes, whole);
    longest = Math.max(longest, length);
    if (whole + prefixSize + length > bytes.length) break;
    whole += prefixSize + length;
  }
  return { whole, longest };
}
