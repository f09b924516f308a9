/** What the body of an answer is held against. */
import { type BodyView, viewBody } from '../../tape/body/view';
import type { JudgeContext } from './context';

/** The recorded body with the values of this run. */
export function expectedBody({ expected, test }: Pick<JudgeContext, 'expected' | 'test'>): BodyView {
  return expected?.body ?? viewBody(test.response.headers, test.response.body);
}
