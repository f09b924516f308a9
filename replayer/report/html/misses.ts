/** A call that no mock answers, on the page: what came nearest, and in what it differs. The one file here that knows how a miss is built. */
import { stringifyJson } from '../../../tape/json/json';
import type { Miss, MissDifference } from '../../mocks/match/miss';
import { escaped } from './escape';
import { markedTexts } from './marked';

export function missItem({ message, nearest, remedy }: Miss): string {
  const [first] = nearest;
  const near =
    first === undefined
      ? ''
      : `<p class="note">nearest: exchange ${escaped(first.exchange)}, ${escaped(first.method)} ${escaped(first.url)}</p><table class="differences"><tbody>${first.differences.map(row).join('')}</tbody></table>`;
  const lines = remedy.map(escaped).join('\n');
  return `<li><code>${escaped(message)}</code>${near}${lines === '' ? '' : `<pre class="text">${lines}</pre>`}</li>`;
}

function row({ path, expected, actual, excusedBy }: MissDifference): string {
  const [left, right] = markedTexts(
    expected === null ? null : stringifyJson(expected),
    actual === null ? null : stringifyJson(actual),
  );
  const noise = excusedBy === null ? '' : ` <span class="tag quiet">noise: ${escaped(excusedBy)}</span>`;
  return `<tr><th scope="row"><code>${escaped(path)}</code>${noise}</th><td><code>${left}</code></td><td><code>${right}</code></td></tr>`;
}
