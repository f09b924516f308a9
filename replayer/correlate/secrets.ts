/**
 * What a run needs that is not on the tape: redaction took secrets out, and only some of them come back from answers.
 * Says which placeholders the user's secrets stand for, which credentials are missing, and which placeholders are sent as
 * they are. The ledger says what a placeholder is; nothing is guessed from looks.
 */
import { didYouMean } from '../../errors/did-you-mean';
import { WiretapeError } from '../../errors/wiretape-error';
import { type Path, parsePath } from '../../tape/model/path';
import type { RedactionEntry } from '../../tape/redact/redacted';
import type { RunnableCase } from '../cases/cases';
import type { CasePlan } from './plan';

/**
 * Secrets by the placeholder they stand for. A name is the last name of a redacted place (`password`, a header, a
 * cookie), a rule's name, or a placeholder itself. Throws USAGE for a name that fits none, or fits several secrets.
 */
export function secretsByPlaceholder(
  cases: readonly RunnableCase[],
  secrets: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (secrets.size === 0) return found;
  const entries = cases.flatMap((test) => test.stored.redacted).filter((entry) => entry.in === 'request');
  for (const [name, value] of secrets) found.set(placeholderNamed(name, entries), value);
  return found;
}

function placeholderNamed(name: string, entries: readonly RedactionEntry[]): string {
  const fitting = new Set(entries.filter((entry) => isNamed(entry, name)).map((entry) => entry.placeholder));
  const [first] = fitting;
  if (first === undefined) throw unknownSecret(name, entries);
  if (fitting.size > 1) {
    throw new WiretapeError('USAGE', `--secret ${name} fits ${fitting.size} different secrets of the tape`, {
      remedy: [...fitting].map((placeholder) => `--secret ${placeholder}=env:NAME`),
    });
  }
  return first;
}

function unknownSecret(name: string, entries: readonly RedactionEntry[]): WiretapeError {
  const names = [...new Set(entries.map((entry) => nameOf(entry)))].sort();
  const meant = didYouMean(name, names);
  const known = names.length === 0 ? 'Nothing was redacted in requests of this tape' : `Use one of ${names.join(', ')}`;
  return new WiretapeError('USAGE', `--secret ${name}: no redacted value of a request has this name`, {
    remedy: meant === undefined ? known : [`Did you mean ${meant}?`, known],
  });
}

function isNamed(entry: RedactionEntry, name: string): boolean {
  return entry.placeholder === name || entry.rule === name || nameOf(entry).toLowerCase() === name.toLowerCase();
}

/** The last name of the redacted place. */
function nameOf(entry: RedactionEntry): string {
  return String(parsePath(entry.path).findLast((step) => typeof step === 'string') ?? entry.rule);
}

/** Fields a service will not serve without: RFC 9110 section 11.6, RFC 6265, and the usual names of API keys. */
const credentialNames =
  /^(authorization|proxy-authorization|cookie)$|api-?key|access-?key|auth(entication)?-token|access-token|session-?(id|token)|^x-token$|^x-auth/;

/** Redacted credentials of the request that no answer minted, no secret stands for, and no `--set-header` replaces. */
export function missingCredentials(
  test: RunnableCase,
  plan: CasePlan,
  replaced: ReadonlySet<string>,
): readonly RedactionEntry[] {
  return openPlaceholders(test, plan, replaced).filter((entry) => isCredential(parsePath(entry.path)));
}

/** Redacted values that are sent as their placeholders, because nothing better is known. */
export function sentPlaceholders(
  test: RunnableCase,
  plan: CasePlan,
  replaced: ReadonlySet<string>,
): readonly RedactionEntry[] {
  return openPlaceholders(test, plan, replaced).filter((entry) => !isCredential(parsePath(entry.path)));
}

function openPlaceholders(
  test: RunnableCase,
  plan: CasePlan,
  replaced: ReadonlySet<string>,
): readonly RedactionEntry[] {
  return test.stored.redacted.filter((entry) => {
    if (entry.in !== 'request') return false;
    const path = parsePath(entry.path);
    return !(path[0] === 'header' && replaced.has(String(path[1]))) && !isCovered(entry, path, plan);
  });
}

function isCredential(path: Path): boolean {
  return path[0] === 'header' && credentialNames.test(String(path[1]));
}

/** A link stands for the placeholder when both mean the same text at the same header, or the same part of the message. */
function isCovered(entry: RedactionEntry, path: Path, plan: CasePlan): boolean {
  return plan.uses.some(({ spot, origin }) => {
    const samePlace = spot.path[0] === path[0] && (path[0] !== 'header' || spot.path[1] === path[1]);
    const [own, other] = [origin.recorded, entry.placeholder];
    return samePlace && (own === other || own.includes(other) || other.includes(own));
  });
}
