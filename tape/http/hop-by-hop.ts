/** Fields that say how a message travelled over one connection, and nothing of what it says. Names in lower case. */
import type { HeaderList } from '../model/body';
import { listedIn } from './lists';

/** RFC 9110 7.6.1, RFC 2616 13.5.1 and RFC 7540 3.2.1, and what old proxies send. */
export const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** The same with the length of the body, which follows from the body (RFC 9112 6). */
export const framing: ReadonlySet<string> = new Set([...hopByHop, 'content-length']);

/** What the Connection field of a message names: further fields of this connection, and wishes such as `close`. */
export function connectionOptions(headers: HeaderList): ReadonlySet<string> {
  const options = listedIn(headers, 'connection');
  return options.length === 0 ? noOptions : new Set(options);
}

const noOptions: ReadonlySet<string> = new Set();
