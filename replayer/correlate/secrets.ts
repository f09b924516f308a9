/**
 * What a run needs that is not on the tape: redaction took secrets out, and only some of them come back from answers.
 * Says which placeholders the user's secrets stand for, and which are sent as they are. The ledger says what a placeholder is; nothing is guessed from looks.
 */
import { didYouMean } from '../../errors/did-you-mean';
import { WiretapeError } from '../../errors/wiretape-error';
import { type Path, parsePath } from '../../tape/model/path';
import { isPersonalRule } from '../../tape/redact/personal';
import type { RedactionEntry } from '../../tape/redact/redacted';
import type { StoredExchange } from '../../tape/store/tape';
import type { Turn } from '../cases/cases';
import { parseCookies } from './cookies';
import type { CasePlan } from './plan';

/**
 * Secrets by the placeholder they stand for. A name is the last name of a redacted place (`password`, a header, a
 * cookie), a rule's name, or a placeholder itself. Throws USAGE for a name that fits none, or fits several secrets.
 */
export function secretsByPlaceholder(
  cases: readonly Turn[],
  secrets: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (secrets.size === 0) return found;
  const redacted = cases.flatMap(namedEntries);
  for (const [name, value] of secrets) {
    const placeholder = placeholderNamed(name, redacted);
    found.set(placeholder, withoutScheme(value, schemeBefore(placeholder, cases)));
  }
  return found;
}

/** The scheme that a placeholder stands behind in a header field: `Basic`, `Bearer`. It is not a part of the secret; '' where there is none. */
function schemeBefore(placeholder: string, cases: readonly Turn[]): string {
  for (const { request } of cases) {
    const field = request.headers.find(([name, value]) => isOfScheme(name) && value.endsWith(` ${placeholder}`));
    if (field !== undefined) return field[1].slice(0, -placeholder.length).trim();
  }
  return '';
}

function isOfScheme(name: string): boolean {
  return /^(?:proxy-)?authorization$/i.test(name);
}

/** People give the field as they know it, scheme and all. */
function withoutScheme(value: string, scheme: string): string {
  const isWhole = scheme !== '' && value.toLowerCase().startsWith(`${scheme.toLowerCase()} `);
  return isWhole ? value.slice(scheme.length).trimStart() : value;
}

/**
 * Secrets by the placeholder they stand for in answers of dependencies: a service reads them there, and no request of a case
 * holds them. A name is as above; one that fits none, or only requests of cases, is passed over.
 */
export function secretsInAnswers(
  answers: Iterable<StoredExchange>,
  secrets: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (secrets.size === 0) return found;
  const redacted = [...answers].flatMap(answerEntries);
  for (const [name, value] of secrets) {
    const fitting = new Set(redacted.filter((each) => isNamed(each, name)).map(({ entry }) => entry.placeholder));
    for (const placeholder of fitting.size === 1 ? fitting : []) found.set(placeholder, value);
  }
  return found;
}

/** The secrets that name a redacted value of a case, or none of `answers`: those a run must know, or refuse. */
export function secretsOfCases(
  cases: readonly StoredExchange[],
  { answers, secrets }: { readonly answers: Iterable<StoredExchange>; readonly secrets: ReadonlyMap<string, string> },
): ReadonlyMap<string, string> {
  const inCases = cases.flatMap((stored) =>
    stored.redacted.filter((entry) => entry.in === 'request').map(namedByPlace),
  );
  const inAnswers = [...answers].flatMap(answerEntries);
  const isElsewhere = (name: string): boolean =>
    !inCases.some((each) => isNamed(each, name)) && inAnswers.some((each) => isNamed(each, name));
  return new Map([...secrets].filter(([name]) => !isElsewhere(name)));
}

function answerEntries({ redacted }: StoredExchange): NamedEntry[] {
  return redacted.filter((entry) => entry.in === 'response').map(namedByPlace);
}

function namedByPlace(entry: RedactionEntry): NamedEntry {
  return { entry, name: nameInPath(entry) };
}

/** Every text that stands for a secret on a tape. */
export function placeholdersOf(exchanges: Iterable<Pick<StoredExchange, 'redacted'>>): ReadonlySet<string> {
  const placeholders = new Set<string>();
  for (const { redacted } of exchanges) for (const { placeholder } of redacted) placeholders.add(placeholder);
  return placeholders;
}

/** True where the recording took personal data: then live traffic must lose it, too. The tape says so, no option does. */
export function isWithoutPersonalData(exchanges: Iterable<Pick<StoredExchange, 'redacted'>>): boolean {
  for (const { redacted } of exchanges) if (redacted.some(({ rule }) => isPersonalRule(rule))) return true;
  return false;
}

/** A redacted value of a request, with the name people know it by. */
interface NamedEntry {
  readonly entry: RedactionEntry;
  readonly name: string;
}

function namedEntries(test: Turn): NamedEntry[] {
  const entries = test.stored.redacted.filter((entry) => entry.in === 'request');
  return entries.map((entry) => ({ entry, name: secretName(entry, test) }));
}

/** What `--secret` calls a redacted value: its cookie, or the last name in its path. */
export function secretName(entry: RedactionEntry, { request }: Turn): string {
  const name = nameInPath(entry);
  if (name !== 'cookie') return name;
  const cookies = request.headers
    .filter(([key]) => key.toLowerCase() === 'cookie')
    .flatMap(([, value]) => parseCookies(value));
  return cookies.find((cookie) => cookie.value.replaceAll('"', '') === entry.placeholder)?.name ?? name;
}

function nameInPath({ path, rule }: RedactionEntry): string {
  return String(parsePath(path).findLast((step) => typeof step === 'string') ?? rule);
}

function placeholderNamed(name: string, redacted: readonly NamedEntry[]): string {
  const fitting = new Set(redacted.filter((each) => isNamed(each, name)).map(({ entry }) => entry.placeholder));
  const [first] = fitting;
  if (first === undefined) throw unknownSecret(name, redacted);
  if (fitting.size > 1) {
    throw new WiretapeError('USAGE', `--secret ${name} fits ${fitting.size} different secrets of the tape`, {
      remedy: [...fitting].map((placeholder) => `--secret ${placeholder}=env:NAME`),
    });
  }
  return first;
}

function unknownSecret(name: string, redacted: readonly NamedEntry[]): WiretapeError {
  const names = [...new Set(redacted.map((each) => each.name))].sort();
  const meant = didYouMean(name, names);
  const known = names.length === 0 ? 'Nothing was redacted in requests of this tape' : `Use one of ${names.join(', ')}`;
  return new WiretapeError('USAGE', `--secret ${name}: no redacted value of a request has this name`, {
    remedy: meant === undefined ? known : [`Did you mean ${meant}?`, known],
  });
}

function isNamed({ entry, name: own }: NamedEntry, name: string): boolean {
  return entry.placeholder === name || entry.rule === name || own.toLowerCase() === name.toLowerCase();
}

/**
 * Redacted values of the request that no answer minted, no secret stands for, and no `--set-header` replaces: they are sent
 * as their placeholders, because nothing better is known.
 */
export function sentPlaceholders(test: Turn, plan: CasePlan, replaced: ReadonlySet<string>): readonly RedactionEntry[] {
  return test.stored.redacted.filter((entry) => {
    if (entry.in !== 'request') return false;
    const path = parsePath(entry.path);
    return !(path[0] === 'header' && replaced.has(String(path[1]))) && !isCovered(entry, path, plan);
  });
}

/** True for what a service may refuse to serve without, whatever the rest of the request is. */
export function isCredential({ path }: RedactionEntry): boolean {
  return parsePath(path)[0] !== 'body';
}

/** A link stands for the placeholder when both mean the same text at the same header, or the same part of the message. */
function isCovered(entry: RedactionEntry, path: Path, plan: CasePlan): boolean {
  return plan.uses.some(({ spot, origin }) => {
    const samePlace = spot.path[0] === path[0] && (path[0] !== 'header' || spot.path[1] === path[1]);
    const [own, other] = [origin.recorded, entry.placeholder];
    return samePlace && (own === other || own.includes(other) || other.includes(own));
  });
}
