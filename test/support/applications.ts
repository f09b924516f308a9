/** One request and its answer of an application that is spoken over HTTP, and what is recognised in them. */
import type { HeaderList } from '../../tape/model/body';
import { spokenIn } from '../../tape/model/http/applications/registry';
import type { HttpContent } from '../../tape/model/http/http';
import { bodyOf, requestOf, responseOf } from './tapes';

export interface Talk {
  readonly method?: string;
  readonly target?: string;
  /** Of the request; JSON unless told otherwise. Null leaves it out. */
  readonly type?: string | null;
  readonly headers?: HeaderList;
  /** An object or a list is sent as JSON. */
  readonly asks?: unknown;
  readonly status?: number;
  readonly answerType?: string;
  /** Null where there is no response. */
  readonly answers?: unknown;
}

export function contentOf(talk: Talk): HttpContent {
  const { method = 'POST', target = '/', type = 'application/json', headers = [] } = talk;
  const { asks = '', status = 200, answerType = 'application/json', answers = '' } = talk;
  const own: HeaderList = type === null ? headers : [['Content-Type', type], ...headers];
  return {
    request: requestOf({ method, target, headers: [['Host', 'shop.test'], ...own], body: bodyOf(bytesOf(asks)) }),
    response:
      answers === null
        ? null
        : responseOf({ status, headers: [['Content-Type', answerType]], body: bodyOf(bytesOf(answers)) }),
  };
}

/** `GraphQL: query OrderById -> 200`, with `!` behind what failed; null where nothing is recognised. */
export function spokenLine(talk: Talk): string | null {
  const spoken = spokenIn(contentOf(talk));
  if (spoken === null) return null;
  const { application, verb, target, result, failed } = spoken;
  return `${application}: ${verb} ${target} -> ${result ?? 'no answer'}${failed ? ' !' : ''}`;
}

function bytesOf(said: unknown): string | Uint8Array {
  if (typeof said === 'string' || said instanceof Uint8Array) return said;
  return JSON.stringify(said);
}
