/** Values that prove something and are made anew for each request: tokens that a client signs itself, and signatures. Pure. */
import { jwtReason } from '../../judge/causes/token';
import type { Here } from './grounds';

/** Undefined where the recorded text is no JWT; null where the live one says something else. */
export function tokenReason(expected: string, actual: string, { clock, keyed, pair }: Here): string | null | undefined {
  // A token that a client makes has a number of its own each time; whose it is and what it is for stays.
  const identities = { bind: (_: string, __: string, scope = '') => scope === 'claim jti' };
  const reason = jwtReason(expected, actual, { state: { clock, identities }, pair, isKeyed: keyed });
  return reason === undefined ? undefined : (reason?.rule ?? null);
}

/** Of one length and alphabet. What they prove is compared where it stands. */
export function areSignatures(expected: string, actual: string): boolean {
  if (expected.length !== actual.length || expected.length < 16) return false;
  return [/^[0-9a-f]+$/, /^[0-9A-F]+$/, /^[\w+/=-]+$/].some(
    (alphabet) => alphabet.test(expected) && alphabet.test(actual),
  );
}

/** AWS Signature 4, HTTP signatures and OAuth 1.0: the same parameters, and values that follow from the request and its time. */
export function areSigned(recorded: string, live: string): boolean {
  const namesOf = (text: string): string => text.replace(/=\s*(?:"[^"]*"|[^,\s]*)/g, '=');
  return /\bsignature\s*=/i.test(recorded) && namesOf(recorded) === namesOf(live);
}
