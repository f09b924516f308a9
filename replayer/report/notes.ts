/** The sentences that go with a case: what is missing, what was sent in its place, what to type. */
import { parsePath } from '../../tape/model/path';
import type { RedactionEntry } from '../../tape/redact/redacted';
import type { RunnableCase } from '../cases/cases';

/** What to type for a credential that is not on the tape. */
export function supplyHint(entry: RedactionEntry): string {
  const path = parsePath(entry.path);
  const name = String(path.findLast((step) => typeof step === 'string') ?? entry.rule);
  const header = path[1] === 'cookie' ? '' : ` or --set-header '${String(path[1])}: \${env:NAME}'`;
  return `${entry.path} was redacted (${entry.rule}) and no earlier answer gives it: --secret ${name}=env:NAME${header}`;
}

/** A value that went out as its placeholder may be why the answer differs. */
export function placeholderHint(entry: RedactionEntry): string {
  const name = String(parsePath(entry.path).findLast((step) => typeof step === 'string') ?? entry.rule);
  return `${entry.path} was redacted (${entry.rule}) and was sent as its placeholder; if the service minds: --secret ${name}=env:NAME`;
}

export function lostHint(path: string, from: RunnableCase): string {
  return `${path} comes from the answer of case ${from.id} (${from.name}), which did not give it in this run`;
}
