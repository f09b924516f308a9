/** Fields of queries and of urlencoded bodies, redacted in place: order, repeats and the writing of all others stay. */
import type { Path } from '../model/path';
import type { Detection } from './detection';
import { secretVariables } from './graphql';
import { isHarmless } from './harmless';
import { applyEdits, type Edit, readable } from './ledger';
import { decodePercent, encodePercent } from './percent';
import type { Scope } from './scope';

/** What names and values become; all are bytes read as latin1, percent-encoding undone. */
export interface FieldRedaction {
  value(value: string, at: FieldPlace): string;
  /** Secrets known by their looks, which may stand anywhere. */
  name(name: string, path: Path): string;
  /** The path before the query that they are the fields of. */
  readonly pathBefore?: string;
}

export interface FieldPlace {
  readonly name: string;
  readonly path: Path;
  readonly isSecret: boolean;
  /** Its own members that are secret, where it holds the variables of a GraphQL document. */
  readonly variables?: ReadonlySet<string>;
}

/** Shorter names are neither keys nor secrets seen before. */
const shortestLooked = 8;

/** The text (without `?`) with its fields redacted; `root` is `query` or the path of the form. */
export function redactFields(text: string, root: Path, redact: FieldRedaction, { detection, rules }: Scope): string {
  const fields = fieldsOf(text);
  const names = new Set(fields.map(({ name }) => name.toLowerCase()));
  const seen = new Map<string, number>();
  const edits: Edit[] = [];
  const variables = names.has('variables') ? variablesAmong(fields, text, detection) : noNames;
  for (const { name, nameStart, start, end } of fields) {
    const safeName = rules.finders.length === 0 && name.length < shortestLooked ? name : redact.name(name, root);
    if (safeName !== name) edits.push({ start: nameStart, end: start - 1, text: encodePercent(safeName) });
    const repeat = seen.get(safeName) ?? 0;
    seen.set(safeName, repeat + 1);
    const value = decodePercent(text.slice(start, end));
    const path = name === '' ? root : [...root, readable(safeName), ...(repeat === 0 ? [] : [repeat])];
    const isPromised =
      detection.kindOfName(name) !== null ||
      isSecretAmong(name.toLowerCase(), names) ||
      isCallbackCode(name, value, redact.pathBefore ?? '');
    const isSecret = isPromised && !isHarmless(value, { name, parent: '' });
    const redacted =
      value === ''
        ? value
        : redact.value(value, name === 'variables' ? { name, path, isSecret, variables } : { name, path, isSecret });
    if (redacted !== value) edits.push({ start, end, text: encodePercent(redacted) });
  }
  return applyEdits(text, edits);
}

const noNames: ReadonlySet<string> = new Set();

/** Of the GraphQL document in another field, as GraphQL over HTTP has it. */
function variablesAmong(fields: readonly FieldSpan[], text: string, { kindOfName }: Detection): ReadonlySet<string> {
  const document = fields.find(({ name }) => name === 'query');
  return document === undefined
    ? noNames
    : secretVariables(decodePercent(text.slice(document.start, document.end)), kindOfName);
}

/**
 * Names that are secrets only in company: an OAuth code beside its state or grant type (RFC 6749 4.1), the signature of
 * a signed URL beside its expiry (Azure SAS `se`, CloudFront and S3 key ids).
 */
export function isSecretAmong(name: string, others: ReadonlySet<string>): boolean {
  return companions.get(name)?.some((companion) => others.has(companion)) === true;
}

const companions: ReadonlyMap<string, readonly string[]> = new Map([
  ['code', ['state', 'grant_type', 'code_verifier', 'session_state', 'iss']],
  ['sig', ['se', 'sv', 'sp']],
  ['signature', ['key-pair-id', 'awsaccesskeyid', 'googleaccessid', 'expires', 'policy']],
]);

/** An OAuth code that stands alone, in the query of a path that is for receiving one. */
export function isCallbackCode(name: string, value: string, path: string): boolean {
  return (
    name.toLowerCase() === 'code' &&
    /(?:^|[/_-])(?:callback|cb|oauth2?|oidc|sso|authorize|log-?in|sign-?in|redirect)(?:[/_.-][\w.-]{0,40})?\/?$/i.test(
      path,
    ) &&
    /^[\w.~+/=-]{10,}$/.test(value) &&
    /\d/.test(value) &&
    /[A-Za-z]/.test(value)
  );
}

/** True where a query or form may hold one of those; the cheap look at words does not know them. */
export function mayHoldCompanySecret(fields: string): boolean {
  return mayBeInCompany(fields) || (fields.includes('%') && mayBeInCompany(decodePercent(fields)));
}

function mayBeInCompany(fields: string): boolean {
  return /(?:^|[?&])(?:code|sig|signature)=/i.test(fields);
}

interface FieldSpan {
  /** '' for a piece without `=`, which is all value: a bare token may stand there. */
  readonly name: string;
  readonly nameStart: number;
  readonly start: number;
  readonly end: number;
}

function fieldsOf(text: string): readonly FieldSpan[] {
  const fields: FieldSpan[] = [];
  for (let at = 0; at < text.length; ) {
    const ampersand = text.indexOf('&', at);
    const end = ampersand < 0 ? text.length : ampersand;
    const equals = text.slice(at, end).indexOf('=');
    const start = equals < 0 ? at : at + equals + 1;
    fields.push({ name: equals < 0 ? '' : decodePercent(text.slice(at, start - 1)), nameStart: at, start, end });
    at = end + 1;
  }
  return fields;
}
