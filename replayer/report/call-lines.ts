/** Outgoing calls for people: those that were answered and differ from what was recorded, or were answered out of their moment. */
import { stringifyJson } from '../../tape/json/json';
import type { Difference } from '../judge/difference';
import type { OutgoingCall } from '../mocks/calls';
import type { CallDifference } from '../mocks/match/call-differences';
import { ruleLine } from '../noise/rule-line';
import { judgedCalls } from './judged-calls';

const listed = 10;
const longest = 80;

/** A line that counts them and one for each, alike ones once; [] where there are none. Recorded text stands in them as it is. */
export function callLines(calls: readonly OutgoingCall[]): readonly string[] {
  const telling = calls.filter(isTelling);
  if (telling.length === 0) return [];
  const lines = [...new Set(telling.flatMap(textsOf))];
  const rest = lines.length - listed;
  const what = telling.length === 1 ? 'call was answered, and is' : 'calls were answered, and are';
  return [
    `${telling.length} ${what} not as recorded`,
    ...lines.slice(0, listed),
    ...(rest > 0 ? [`  … and ${rest} more`] : []),
  ];
}

/** What the answer to a call held in place of secrets; the first few places. */
export function placeholderTexts({ exchange, placeholders }: OutgoingCall): readonly string[] {
  const [first, ...more] = placeholders;
  if (first === undefined) return [];
  const rest = more.length === 0 ? '' : ` and ${more.length} more`;
  return [
    `the mock of exchange ${exchange} gave what stands for a secret at ${first.path} (${first.rule})${rest}; if the service needs it: --secret ${first.placeholder}=env:NAME`,
  ];
}

/** True for a call that was answered and is not as recorded, or was recorded at another moment. */
export function isTelling({ differences, found }: OutgoingCall): boolean {
  return differences.length > 0 || found === 'moment';
}

/** `GET payments:8443/charges?page=2`; of a connect that was refused, whom it was for. */
export function callText({ method, upstream, target }: OutgoingCall): string {
  return `${method} ${upstream}${target}`;
}

/** In what such a call is not as recorded, a sentence each. */
export function tellingTexts(call: OutgoingCall): readonly string[] {
  const texts = call.differences.map(differenceText);
  return call.found === 'moment' ? [momentText(call), ...texts] : texts;
}

function textsOf(call: OutgoingCall): readonly string[] {
  const under = call.case === null ? '' : `case ${call.case}  `;
  const start = `  ${under}${callText(call)}  (exchange ${call.exchange})  `;
  return tellingTexts(call).map((text) => start + text);
}

function momentText({ recordedUnder, ...call }: OutgoingCall): string {
  return recordedUnder === null || recordedUnder === call.case
    ? 'recorded in another state: before a write that was made, or after one that was not'
    : `recorded under case ${recordedUnder}`;
}

function differenceText({ path, kind, expected, actual }: CallDifference): string {
  if (kind === 'added') return `${path} was not there, got ${shown(actual)}`;
  if (kind === 'removed') return `${path} expected ${shown(expected)}, got nothing`;
  return `${path} expected ${shown(expected)}, got ${shown(actual)}`;
}

function shown(value: CallDifference['expected']): string {
  const text = stringifyJson(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** Rules ready to paste, for calls that may be made or not, and for fields that may differ. */
export function callRuleLines(differences: readonly Difference[]): readonly string[] {
  return judgedCalls(differences).flatMap(({ call, place }) => {
    if (call === null) return [];
    const rule = { allows: null, because: '…' };
    if (place === null) return [ruleLine({ in: 'call', path: null, match: call, ...rule })];
    const asNamed = call.replace(/:(?:80|443)(?=\/|$)/, ''); // clients leave the port of the scheme out
    return [ruleLine({ in: 'request', path: place, match: asNamed, ...rule })];
  });
}
