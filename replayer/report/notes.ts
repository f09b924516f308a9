/** The sentences that go with a case: what is missing, what was sent in its place, what to type. */
import { parsePath } from '../../tape/model/path';
import type { RedactionEntry } from '../../tape/redact/redacted';
import type { RunnableCase } from '../cases/cases';
import { secretName } from '../correlate/secrets';
import type { WayOptions } from '../drive/way';

/** What to type for a credential that is not on the tape. */
export function supplyHint(entry: RedactionEntry, test: RunnableCase): string {
  const name = secretName(entry, test);
  const header = String(parsePath(entry.path)[1]);
  const whole = header === 'cookie' ? '' : ` or --set-header '${header}: \${env:NAME}'`;
  return `${entry.path} was redacted (${entry.rule}) and no earlier answer gives it: --secret ${name}=env:NAME${whole}`;
}

/** A value that went out as its placeholder may be why the answer differs. */
export function placeholderHint(entry: RedactionEntry, test: RunnableCase): string {
  return `${entry.path} was redacted (${entry.rule}) and was sent as its placeholder; if the service minds: --secret ${secretName(entry, test)}=env:NAME`;
}

export function lostHint(path: string, from: RunnableCase): string {
  return `${path} comes from the answer of case ${from.id} (${from.name}), which did not give it in this run`;
}

/** Said once of what was recorded over HTTP/2 and answered over HTTP/1.1; null where there is none, or it was asked for. */
export function versionRemark(count: number, { target, httpVersion }: WayOptions): string | null {
  if (count === 0 || httpVersion === '1.1') return null;
  const what = `${count} ${count === 1 ? 'request' : 'requests'} recorded over HTTP/2 went out as HTTP/1.1`;
  return target.secure
    ? `${what}: the target does not take them over HTTP/2`
    : `${what}, as to a build behind a proxy that ends TLS: --http-version 2 sends HTTP/2`;
}
