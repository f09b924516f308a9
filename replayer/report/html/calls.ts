/** Outgoing calls on the page: what the judge says of them, and what the build asked of its dependencies. */
import { stringifyJson } from '../../../tape/json/json';
import type { Difference } from '../../judge/difference';
import type { OutgoingCall } from '../../mocks/calls';
import { callText, isTelling, tellingTexts } from '../call-lines';
import { type CallFault, faultWords, type JudgedCall, judgedCalls } from '../judged-calls';
import { valueTexts } from '../values';
import { escaped } from './escape';
import { markedTexts } from './marked';

const listed = 200;

/** What differs in the calls of a case, with both sides of each; '' where nothing does. */
export function judgedCallsElement(differences: readonly Difference[]): string {
  const calls = judgedCalls(differences);
  if (calls.length === 0) return '';
  const rows = calls.slice(0, listed).map(row).join('');
  return `<h4>Outgoing calls</h4><table class="differences calls"><thead><tr><th scope="col">call</th><th scope="col">recorded</th><th scope="col">live</th></tr></thead><tbody>${rows}</tbody></table>${moreThan(calls)}`;
}

function row({ fault, call, place, difference }: JudgedCall): string {
  const what = call === null ? 'all calls' : `<code>${escaped(call)}</code>`;
  const where = place === null ? '' : ` <code>${escaped(place)}</code>`;
  const [left, right] = sides[fault](difference);
  return `<tr><th scope="row">${what}${where} <span class="tag">${faultWords[fault]}</span></th><td>${left}</td><td>${right}</td></tr>`;
}

const made = 'made';
const notMade = '<span class="note">(not made)</span>';
const nothingThere = '<span class="note">(not there)</span>';

const sides: Readonly<Record<CallFault, (difference: Difference) => readonly [string, string]>> = {
  missing: () => [made, notMade],
  extra: () => [notMade, made],
  changed: changedSides,
  reordered: ({ expected, actual }) => [inOrder(expected), inOrder(actual)],
};

function changedSides(difference: Difference): readonly [string, string] {
  const { expected, actual } = valueTexts(difference);
  const [hasLeft, hasRight] = [difference.kind !== 'added', difference.kind !== 'removed'];
  const [left, right] = markedTexts(hasLeft ? expected : null, hasRight ? actual : null);
  return [hasLeft ? `<code>${left}</code>` : nothingThere, hasRight ? `<code>${right}</code>` : nothingThere];
}

function inOrder(names: Difference['expected']): string {
  if (!Array.isArray(names)) return `<code>${escaped(stringifyJson(names))}</code>`;
  const items = names.slice(0, listed).map((name) => `<li><code>${escaped(String(name))}</code></li>`);
  return `<ol>${items.join('')}</ol>${moreThan(names)}`;
}

/** What the build asked of its dependencies, and how each call was answered. */
export function madeElement(calls: readonly OutgoingCall[]): string {
  if (calls.length === 0) return '';
  const items = calls.slice(0, listed).map(callItem);
  return `<h4>What the build called for it</h4><ul class="made">${items.join('')}</ul>${moreThan(calls)}`;
}

function callItem(call: OutgoingCall): string {
  const { found, exchange } = call;
  const by = exchange === null ? '' : ` <span class="id">exchange ${escaped(exchange)}</span>`;
  const kind = found === 'miss' ? ' class="fail"' : '';
  return `<li${kind}><code>${escaped(callText(call))}</code> <span class="tag quiet">${escaped(found)}</span>${by}</li>`;
}

/** Those of a run that were answered and differ, or were answered out of their moment: an item each. */
export function tellingCalls(calls: readonly OutgoingCall[]): readonly string[] {
  return calls.filter(isTelling).map((call) => {
    const under = call.case === null ? '' : ` <span class="id">case ${escaped(call.case)}</span>`;
    const texts = tellingTexts(call).map((text) => `<br><span class="note">${escaped(text)}</span>`);
    return `<li><code>${escaped(callText(call))}</code>${under}${texts.join('')}</li>`;
  });
}

function moreThan(list: readonly unknown[]): string {
  const rest = list.length - listed;
  return rest > 0 ? `<p class="note">… and ${rest} more; --json has them all</p>` : '';
}
