/** The sentences that go with a case: what is missing, what was sent in its place, what to type. */
import { parsePath } from '../../tape/model/path';
import type { RedactionEntry } from '../../tape/redact/redacted';
import type { Turn } from '../cases/cases';
import { secretName } from '../correlate/secrets';

/** What to type for a credential that is not on the tape. */
export function supplyHint(entry: RedactionEntry, test: Turn): string {
  const name = secretName(entry, test);
  const header = String(parsePath(entry.path)[1]);
  const whole = header === 'cookie' ? '' : ` or --set-header '${header}: \${env:NAME}'`;
  return `${entry.path} was redacted (${entry.rule}) and no earlier answer gives it: --secret ${name}=env:NAME${whole}`;
}

/** A value that went out as its placeholder may be why the answer differs. */
export function placeholderHint(entry: RedactionEntry, test: Turn): string {
  return `${entry.path} was redacted (${entry.rule}) and was sent as its placeholder; if the service minds: --secret ${secretName(entry, test)}=env:NAME`;
}

export function lostHint(path: string, from: Turn): string {
  return `${path} comes from the answer of case ${from.stored.id} (${from.name}), which did not give it in this run`;
}
