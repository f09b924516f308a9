/** How messages of calls are told apart and shown. */

import { protobufType, rpcTypeOf } from '../../../../tape/body/rpc/type';
import { messageAsJson } from '../../../../tape/body/rpc/view';
import { stringifyJson } from '../../../../tape/json/json';
import type { HttpRequest } from '../../../../tape/model/http/http';
import type { Manner } from '../client-messages';

/** What stands for a message where the client says that it sends no more. */
export const endKind = 'end';

export function mannerOf({ headers }: HttpRequest): Manner {
  const type = rpcTypeOf(headers)?.message ?? protobufType;
  return { isSaid: (kind) => kind === 'message', type, shown: (message) => shown(message, type) };
}

const longestShown = 60;

/** `the message {"sku":"TEA"}`. */
function shown({ method, body }: HttpRequest, type: string): string {
  if (method === endKind) return 'the end of the messages';
  const text = stringifyJson(messageAsJson(type, body));
  return `the message ${text.length > longestShown ? `${text.slice(0, longestShown)}…` : text}`;
}
