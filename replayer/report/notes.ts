/** The sentences that go with a case: what is missing, what was sent in its place, what to type. */
import { parsePath } from '../../tape/model/path';
import type { RedactionEntry } from '../../tape/redact/redacted';
import type { RunnableCase } from '../cases/cases';
import { secretName } from '../correlate/secrets';

/** What to type for a credential that is not on the tape. */
export function supplyHint(entry: RedactionEntry, test: RunnableCase): string {
  const name = secretName(entry, test);
  const [root, header] = parsePath(entry.path);
  const whole = root !== 'header' || header === 'cookie' ? '' : ` or --set-header '${String(header)}: \${env:NAME}'`;
  return `${entry.path} was redacted (${entry.rule}), no earlier answer gives it, and the service refuses its placeholder: --secret ${name}=env:NAME${whole}`;
}

/** A value that went out as its placeholder may be why the answer differs. */
export function placeholderHint(entry: RedactionEntry, test: RunnableCase): string {
  return `${entry.path} was redacted (${entry.rule}) and was sent as its placeholder; if the service minds: --secret ${secretName(entry, test)}=env:NAME`;
}

export function lostHint(path: string, from: RunnableCase): string {
  return `${path} comes from the answer of case ${from.id} (${from.name}), which did not give it in this run`;
}
