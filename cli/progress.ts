/** How far a run is, on a terminal. */
import type { CaseResult } from '../replayer/report/report';
import { isInteractive } from './terminal';

/** One line on a terminal that counts; null where nobody watches. */
export function progress(total: number): ((result: CaseResult) => void) | null {
  if (!isInteractive(process.stderr)) return null;
  let done = 0;
  let bad = 0;
  let drawnAt = 0;
  return (result) => {
    done++;
    if (result.verdict === 'fail' || result.verdict === 'error') bad++;
    const now = Date.now();
    if (done < total && now - drawnAt < 100) return;
    drawnAt = now;
    const text = `replaying ${done}/${total}${bad > 0 ? `, ${bad} not equal` : ''}`;
    process.stderr.write(done === total ? '\r\u001b[K' : `\r\u001b[K${text}`);
  };
}
