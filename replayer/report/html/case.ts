/** One case on the page: a line that opens. Inside: what differs side by side, why, what was excused, and what went on around it. */
import { type Difference, type Excuse, isOfCalls } from '../../judge/difference';
import { acceptLine } from '../acceptable';
import type { Answers, Surroundings } from '../details';
import { flakyText, verdictLabels } from '../finished-run';
import type { CaseNotes, CaseResult } from '../report';
import { valueTexts } from '../values';
import { judgedCallsElement, madeElement } from './calls';
import { escaped } from './escape';
import { markedTexts } from './marked';
import { missItem } from './misses';
import type { Page } from './page';
import { type Row, sideBySide } from './side-by-side';

const differencesShown = 200;

export function caseElement(result: CaseResult, run: Page): string {
  const { verdict, flaky, excused } = result;
  const states = [
    verdict,
    ...(flaky === undefined ? [] : ['flaky']),
    ...(excused.length === 0 ? [] : ['excused']),
    ...(result.differences.some(isOfCalls) ? ['calls'] : []),
  ];
  const inner =
    verdict === 'pass' && excused.length === 0 ? '<p class="note">As recorded.</p>' : caseContent(result, run);
  return `<details class="case" data-states="${states.join(' ')}" data-count="1"><summary>${caseTitle(result, run)}</summary>${inner}</details>\n`;
}

function caseTitle(result: CaseResult, { details }: Page): string {
  const { verdict, name, id, reason } = result;
  const took = details.get(id)?.playedMs ?? null;
  const flaky = flakyText(result);
  const excused = result.excused.length;
  return [
    `<b class="verdict ${verdict}">${verdictLabels[verdict]}</b>`,
    `<span class="name">${escaped(name)}</span>`,
    `<span class="id">case ${escaped(id)}</span>`,
    ...(result.setUp === true ? ['<span class="tag quiet">set-up</span>'] : []),
    ...(flaky === null ? [] : [`<span class="tag">${escaped(flaky)}</span>`]),
    ...(reason === null ? [] : [`<span class="tag">${escaped(reason)}</span>`]),
    ...(excused === 0 ? [] : [`<span class="tag quiet">${excused} excused</span>`]),
    ...(took === null ? [] : [`<span class="time">${escaped(Math.round(took * 10) / 10)} ms</span>`]),
  ].join(' ');
}

function caseContent(result: CaseResult, run: Page): string {
  const { id, differences, excused } = result;
  const notes = run.notes.get(id);
  const own = run.details.get(id);
  return [
    differenceTable(differences.filter((each) => !isOfCalls(each))),
    judgedCallsElement(differences),
    list('Why', notes?.hints ?? []),
    excuseTable(excused),
    repeatElement(notes),
    acceptElement(result, run),
    own?.answers === undefined ? '' : answersElement(own.answers, result),
    surroundingsElement(run.surroundings.get(id)),
    madeElement(run.made.get(id) ?? []),
  ].join('');
}

function repeatElement(notes: CaseNotes | undefined): string {
  if (notes === undefined || notes.curl === '') return '';
  const lacks = notes.fillIn === undefined ? '' : `<p class="note">${escaped(notes.fillIn)}</p>`;
  return `<h4>Ask again</h4><pre class="text">${escaped(notes.curl)}</pre>${lacks}`;
}

function acceptElement(result: CaseResult, run: Page): string {
  const line = acceptLine(result, run);
  return line === null ? '' : `<h4>Or accept it, where the build is right</h4><pre class="text">${escaped(line)}</pre>`;
}

function list(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return `<h4>${title}</h4><ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>`;
}

function differenceTable(differences: readonly Difference[]): string {
  if (differences.length === 0) return '';
  const rows = differences.slice(0, differencesShown).map(differenceRow).join('');
  const rest = differences.length - differencesShown;
  const more = rest > 0 ? `<p class="note">… and ${rest} more; --json has them all</p>` : '';
  return `<table class="differences"><thead><tr><th scope="col">place</th><th scope="col">recorded</th><th scope="col">live</th></tr></thead><tbody>${rows}</tbody></table>${more}`;
}

function differenceRow(difference: Difference): string {
  const { path, kind, redacted, accepted } = difference;
  const texts = valueTexts(difference);
  const hasLeft = kind !== 'added' || accepted !== undefined;
  const hasRight = kind !== 'removed';
  const isStill = kind === 'unchanged';
  const now = texts.now ?? texts.expected;
  const [left, right] = markedTexts(hasLeft ? now : null, hasRight ? texts.actual : null);
  const before =
    texts.now === null
      ? left
      : `${escaped(texts.expected)}<br><span class="note">${accepted === undefined ? 'in this run' : `accepted (${escaped(accepted.rule)})`} </span>${left}`;
  const word = kind === 'changed' ? '' : ` <span class="tag">${isStill ? stillText(difference) : kind}</span>`;
  return `<tr><th scope="row"><code>${escaped(path)}</code>${word}</th><td>${hasLeft ? value(before, redacted?.expected) : nothingThere}</td><td>${hasRight ? value(right, redacted?.actual) : nothingThere}</td></tr>`;
}

function stillText({ accepted }: Difference): string {
  return accepted === undefined ? 'unchanged, and what it stands for is another' : 'as recorded again';
}

const nothingThere = '<span class="note">(not there)</span>';

function value(html: string, rule: string | undefined): string {
  const mark = rule === undefined ? '' : ` <span class="tag">redacted: ${escaped(rule)}</span>`;
  return `<code>${html}</code>${mark}`;
}

/** By rule: where it excused, and how often. */
function excuseTable(excused: readonly Excuse[]): string {
  if (excused.length === 0) return '';
  const rows = [...Map.groupBy(excused, ({ rule }) => rule)].map(([rule, own]) => {
    const places = own.map(({ path }) => `<code>${escaped(path)}</code>`);
    return `<tr><th scope="row">${escaped(rule)}</th><td>${places.join('<br>')}</td></tr>`;
  });
  return `<h4>Excused</h4><table class="excuses"><thead><tr><th scope="col">rule</th><th scope="col">places</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function answersElement({ recorded, live }: Answers, result: CaseResult): string {
  if (live === null) return '<p class="note">The live answer is too long to be shown whole.</p>';
  const rows = sideBySide(recorded, live, result);
  return `<details class="answers"><summary>Both answers, side by side</summary><div class="sides"><div class="head">recorded</div><div class="head">live</div>${foldedRows(rows)}</div></details>`;
}

/** Long stretches of equal lines are folded; a few stay around what differs. */
const linesAround = 3;

function foldedRows(rows: readonly Row[]): string {
  const near = rows.map((_, i) =>
    rows.slice(Math.max(0, i - linesAround), i + linesAround + 1).some(({ mark }) => mark !== 'same'),
  );
  const parts: string[] = [];
  for (let i = 0; i < rows.length; ) {
    let end = i;
    while (end < rows.length && near[end] === near[i]) end++;
    const html = rows.slice(i, end).map(rowElement).join('');
    parts.push(near[i] === true || end - i <= linesAround ? html : fold(html, end - i));
    i = end;
  }
  return parts.join('');
}

function fold(html: string, lines: number): string {
  return `<details class="fold"><summary>${lines} equal lines</summary><div class="sides">${html}</div></details>`;
}

const signs: Readonly<Record<Row['mark'], string>> = { same: ' ', differs: '≠', excused: '~', moved: '→' };

function rowElement({ left, right, mark }: Row): string {
  const [ours, theirs] = mark === 'same' ? [escaped(left ?? ''), escaped(right ?? '')] : markedTexts(left, right);
  const cell = (html: string, text: string | null) =>
    `<code class="${text === null ? 'none' : mark}"><span class="sign">${text === null ? ' ' : signs[mark]}</span>${html}</code>`;
  return cell(ours, left) + cell(theirs, right);
}

function surroundingsElement(around: Surroundings | undefined): string {
  if (around === undefined) return '';
  const { calls, misses, log, logLeftOut } = around;
  const callItems = calls.map(
    ({ exchange, what, result }) =>
      `<li><code>${escaped(what)} → ${escaped(result)}</code> <span class="id">exchange ${escaped(exchange)}</span></li>`,
  );
  const lines = [...(logLeftOut > 0 ? [`… ${logLeftOut} lines before`] : []), ...log];
  return [
    calls.length === 0 ? '' : `<h4>What the recorded service called for it</h4><ul>${callItems.join('')}</ul>`,
    misses.length === 0
      ? ''
      : `<h4>Called meanwhile, and no mock answers</h4><ul>${misses.map(missItem).join('')}</ul>`,
    log.length === 0
      ? ''
      : `<h4>Printed by the build meanwhile</h4><pre class="text">${escaped(lines.join('\n'))}</pre>`,
  ].join('');
}

/** Cases that were skipped, or not sent, for one cause. */
export function groupElement(group: readonly CaseResult[], run: Page): string {
  const [first] = group;
  if (first === undefined) return '';
  if (group.length === 1) return caseElement(first, run);
  const hints = run.notes.get(first.id)?.hints ?? [];
  const flaky = group.some((each) => each.flaky !== undefined) ? ' flaky' : '';
  const names = group.map(({ id, name }) => `<li>${escaped(name)} <span class="id">case ${escaped(id)}</span></li>`);
  const { verdict } = first;
  const title = `<b class="verdict ${verdict}">${verdictLabels[verdict]}</b> <span class="name">${group.length} cases</span> <span class="tag">${escaped(first.reason ?? '')}</span>`;
  return `<details class="case" data-states="${verdict}${flaky}" data-count="${group.length}"><summary>${title}</summary>${list('Why', hints)}<h4>Cases</h4><ul>${names.join('')}</ul></details>\n`;
}
