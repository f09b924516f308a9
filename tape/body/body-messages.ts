/** Which bodies are kept as messages, and how messages become the body again. One line a kind of body. */
import type { HeaderList } from '../model/body';
import type { Message } from '../model/message';
import { isEventStream, streamOf } from './event-stream';
import { envelopesOf } from './rpc/envelope';
import { rpcTypeOf } from './rpc/type';

/** The body that messages of one side were made of; undefined where bodies of that type are kept as they are. */
export function bodyOfMessages(headers: HeaderList, messages: readonly Message[]): Uint8Array | undefined {
  if (isEventStream(headers)) return streamOf(messages);
  return rpcTypeOf(headers) === null ? undefined : envelopesOf(messages);
}
