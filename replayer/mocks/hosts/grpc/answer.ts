/** The fields and messages of a recorded answer as a client is given them, in codings that it takes. */
import { decodeBody } from '../../../../tape/body/coding';
import { envelopesOf } from '../../../../tape/body/rpc/envelope';
import { statusField } from '../../../../tape/body/rpc/status';
import type { HttpResponse } from '../../../../tape/model/http/http';
import type { Message } from '../../../../tape/model/message';
import type { Asked, FlatHeaders, Head } from '../../front/asked';
import { cleanFields, droppedNames } from '../../response';
import type { CallAnswer } from './read';

export interface ServedCall {
  readonly head: Head;
  /** Whether the head says how the call ended, and nothing follows it. */
  readonly isTrailersOnly: boolean;
  readonly trailers: FlatHeaders;
  /** The bytes of a message by its position. */
  message(position: number): Uint8Array;
}

/** `further`: fields that go out besides. Null where no head was recorded. */
export function servedTo(asked: Asked, answer: CallAnswer, further: FlatHeaders): ServedCall | null {
  const { response, messages } = answer;
  if (response === null) return null;
  const said = messages.filter(({ from }) => from === 'server');
  const isPlain = said.some(({ body }) => !isAccepted(asked, body.codings));
  return {
    head: headOf(response, isPlain, further),
    isTrailersOnly: said.length === 0 && response.body.bytes.length === 0 && endsInHead(response),
    trailers: cleanFields(response.trailers).flat(),
    message(position) {
      const message = messages[position];
      if (message === undefined) return response.body.bytes;
      return envelopesOf([isPlain ? plain(message) : message]);
    },
  };
}

/** Identity is always taken; a client that names none takes what it sends itself (PROTOCOL-HTTP2, Message-Encoding). */
function isAccepted(asked: Asked, codings: readonly string[]): boolean {
  const named = `${asked.header('grpc-accept-encoding') ?? ''},${asked.header('grpc-encoding') ?? ''}`;
  const accepted = new Set(named.split(',').map((name) => name.trim().toLowerCase()));
  return codings.every((coding) => coding === 'identity' || accepted.has(coding));
}

/** What cannot be decoded stays as it was. */
function plain(message: Message): Message {
  const { bytes, problem } = decodeBody(message.body);
  return problem === null ? { ...message, body: { ...message.body, bytes, codings: [] } } : message;
}

function headOf(response: HttpResponse, isPlain: boolean, further: FlatHeaders): Head {
  const dropped = new Set([...droppedNames(response), 'content-length', ...(isPlain ? ['grpc-encoding'] : [])]);
  const headers = cleanFields(response.headers).filter(([name]) => !dropped.has(name.toLowerCase()));
  return { status: response.status, reason: null, headers: [...headers.flat(), ...further], framing: [] };
}

function endsInHead(response: HttpResponse): boolean {
  return response.trailers.length === 0 && statusField(response, 'grpc-status') !== undefined;
}
