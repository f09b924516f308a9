/** How messages of WebSockets are told apart and shown. */
import type { HttpRequest } from '../../../../tape/model/http/http';
import { isData } from '../../../cases/conversation';
import type { Manner } from '../client-messages';

export const socketManner: Manner = { isSaid: isData, type: '', shown };

const longestShown = 60;

/** `the text {"type":"open"}`. */
function shown({ method, body }: HttpRequest): string {
  if (method !== 'text') return `${body.bytes.length} bytes`;
  const text = Buffer.from(body.bytes).toString('utf8');
  return `the text ${text.length > longestShown ? `${text.slice(0, longestShown)}…` : text}`;
}
