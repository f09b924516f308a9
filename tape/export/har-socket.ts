/**
 * What an entry of a HAR says of a WebSocket besides its handshake, as Chromium's developer tools write it and read it:
 * opcode 1 with its text, the others in base64. Members with an underscore within a message are wiretape's own.
 */
import { isUtf8 } from 'node:buffer';
import type { Exchange } from '../model/exchange';
import type { Message } from '../model/message';
import { closePayload, opcodes } from '../model/websocket/frames';
import type { WebSocketKind } from '../model/websocket/websocket';

export function socketMembers({ outcome, messages }: Exchange): object {
  return {
    _resourceType: 'websocket',
    ...(outcome === 'response' ? {} : { _error: outcome }),
    _webSocketMessages: messages.map(messageOf),
  };
}

/** Of one that goes on: when it was last heard of. */
export function endOf({ startedAtUs, durationUs, messages }: Exchange): number {
  if (durationUs !== null) return startedAtUs + durationUs;
  return messages.reduce((last, { endedAtUs }) => Math.max(last, endedAtUs), startedAtUs);
}

function messageOf({ from, kind, startedAtUs, endedAtUs, facts, body }: Message): object {
  const payload = kind === 'close' ? closePayload(facts) : body.bytes;
  const { code: _code, reason: _reason, ...others } = facts;
  return {
    type: from === 'client' ? 'send' : 'receive',
    time: startedAtUs / 1e6,
    opcode: opcodes[kind as WebSocketKind],
    ...dataOf(kind, Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)),
    ...(endedAtUs === startedAtUs ? {} : { _endTime: endedAtUs / 1e6 }),
    ...(body.wireSize === payload.length ? {} : { _wireSize: body.wireSize }),
    ...(Object.keys(others).length === 0 ? {} : { _facts: others }),
  };
}

/** Text that is cut within a character is not text any more. */
function dataOf(kind: string, bytes: Buffer): object {
  if (kind !== 'text') return { data: bytes.toString('base64') };
  return isUtf8(bytes) ? { data: bytes.toString('utf8') } : { data: bytes.toString('base64'), encoding: 'base64' };
}
