/** Which calls must not be made twice where one was recorded: an order, a payment. */
import { headerValue } from '../../tape/model/body';
import { spokenIn } from '../../tape/model/http/applications/registry';
import type { Mock } from '../mocks/mock';

/** RFC 9110 9.2.2, RFC 5789 2: all other methods may be repeated, and change nothing more then. */
const repeatedWithHarm: ReadonlySet<string> = new Set(['POST', 'PATCH']);

/**
 * True for what changes something each time, and did so in the recording. What is posted in order to read is not among it, as far
 * as that can be told: calls and operations that have a name, but for mutations of GraphQL.
 */
export function isAskedOnce({ request, answer, host }: Mock): boolean {
  if (host !== 'http' || !repeatedWithHarm.has(request.method)) return false;
  if (!('response' in answer) || answer.response === null || answer.response.status >= 400) return false;
  const spoken = spokenIn({ request, response: null });
  return spoken === null ? !namesOperation(request.headers) : spoken.verb === 'mutation';
}

/** As AWS has it: nothing says what such an operation does. */
function namesOperation(headers: Parameters<typeof headerValue>[0]): boolean {
  return headerValue(headers, 'x-amz-target') !== undefined;
}
