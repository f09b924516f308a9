/** The sentences that go with a case: what is missing, what was sent in its place, what to type. */
import { parsePath } from '../../tape/model/path';
import type { RedactionEntry } from '../../tape/redact/redacted';
import type { Turn } from '../cases/cases';
import { secretName } from '../correlate/secrets';
import type { WayOptions } from '../drive/way';
import type { Http1Reason } from '../websocket/handshake';
import { isPrintable } from './curl';

/** What to type for a credential that is not on the tape. */
export function supplyHint(entry: RedactionEntry, test: Turn): string {
  const name = secretName(entry, test);
  const [root, header] = parsePath(entry.path);
  const whole = root !== 'header' || header === 'cookie' ? '' : ` or --set-header '${String(header)}: \${env:NAME}'`;
  return `${entry.path} was redacted (${entry.rule}), no earlier answer gives it, and the service refuses its placeholder: --secret ${name}=env:NAME${whole}`;
}

/** A value that went out as its placeholder may be why the answer differs. */
export function placeholderHint(entry: RedactionEntry, test: Turn): string {
  return `${entry.path} was redacted (${entry.rule}) and was sent as its placeholder; if the service minds: --secret ${secretName(entry, test)}=env:NAME`;
}

const longestPlaceholder = 40;

/** A command to ask again, and the body it sends. */
export interface ShownCommand {
  readonly curl: string;
  readonly body: Uint8Array;
}

/** What a command lacks to work: placeholders in it, and a body it only names; undefined where it is whole. */
export function fillIn({ curl, body }: ShownCommand, test: Turn): string | undefined {
  const lacks = [...placeholdersIn(curl, test), ...(isPrintable(body) ? [] : [bodyOf(test)])];
  return lacks.length === 0 ? undefined : lacks.join('; ');
}

function placeholdersIn(curl: string, { stored }: Turn): readonly string[] {
  const entries = stored.redacted.filter((entry) => entry.in === 'request' && curl.includes(entry.placeholder));
  const places = new Map(entries.map(({ placeholder, path }) => [placeholder, path]));
  if (places.size === 0) return [];
  const texts = [...places].map(([placeholder, path]) => `${shortened(placeholder)} (${path})`);
  const [stands, its] = texts.length === 1 ? ['stands', 'its'] : ['stand', 'their'];
  return [`${texts.join(', ')} ${stands} for what redaction took out: put your own in ${its} place`];
}

function bodyOf({ stored }: Turn): string {
  return `body.bin is to hold the request body of exchange ${stored.id}, as wiretape show --json gives it`;
}

function shortened(text: string): string {
  return text.length <= longestPlaceholder ? text : `${text.slice(0, longestPlaceholder)}…`;
}

export function lostHint(path: string, from: Turn): string {
  return `${path} comes from the answer of case ${from.stored.id} (${from.name}), which did not give it in this run`;
}

/** Said once of what was recorded over HTTP/2 and answered over HTTP/1.1; null where there is none, or it was asked for. */
export function versionRemark(count: number, { target, httpVersion }: WayOptions): string | null {
  if (count === 0 || httpVersion === '1.1') return null;
  return asHttp1(count, 'request', target.secure ? 'http2' : 'behind-proxy');
}

/** The same of WebSockets, by why that was. */
export function socketRemarks(counts: ReadonlyMap<Http1Reason, number>): readonly string[] {
  return [...counts].map(([reason, count]) => asHttp1(count, 'WebSocket', reason));
}

function asHttp1(count: number, what: string, reason: Http1Reason): string {
  return `${count} ${what}${count === 1 ? '' : 's'} recorded over HTTP/2 went out as HTTP/1.1${http1Reasons[reason]}`;
}

const http1Reasons: Readonly<Record<Http1Reason, string>> = {
  http2: ': the target does not take them over HTTP/2',
  'extended-connect': ': the target speaks HTTP/2 and does not enable extended CONNECT (RFC 8441)',
  'behind-proxy': ', as to a build behind a proxy that ends TLS: --http-version 2 sends HTTP/2',
};
