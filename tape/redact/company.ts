/**
 * Members of JSON objects that are secrets only in company: an OAuth code beside what is sent with it (RFC 6749 4.1), the
 * private members of a JSON Web Key (RFC 7517 4, RFC 7518 6). Company may come before or after.
 */

interface Rule {
  readonly companions: readonly string[];
  looksSecret(value: string, companion: string): boolean;
}

/** `code` and `state` stand beside each other in addresses and errors, too. */
const oauthCode: Rule = {
  companions: [
    'grant_type',
    'grantType',
    'code_verifier',
    'codeVerifier',
    'redirect_uri',
    'redirectUri',
    'client_id',
    'clientId',
    'state',
  ],
  looksSecret: (value, companion) => (companion === 'state' ? isRandom(value) : value.length >= 6 && !/\s/.test(value)),
};

const privateMember: Rule = { companions: ['kty'], looksSecret: (value) => /^[\w+/=-]{16,}$/.test(value) };

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['code', oauthCode],
  ...['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'].map((name) => [name, privateMember] as const),
]);

const companions: ReadonlySet<string> = new Set([...rules.values()].flatMap((rule) => rule.companions));

function isRandom(value: string): boolean {
  return /^[\w.~+/=-]{10,}$/.test(value) && /\d/.test(value) && /[A-Za-z]/.test(value);
}

export function isOfCompany(name: string): boolean {
  return companions.has(name) || rules.has(name);
}

/** The members of one object that matter to each other; what it gives back is secret. */
export class Company<T> {
  private readonly present = new Set<string>();
  private waiting: { readonly name: string; readonly value: string; readonly member: T }[] = [];

  /** Tells it of a further member. */
  meet(name: string, value: string, member: T): readonly { readonly name: string; readonly member: T }[] {
    if (companions.has(name)) this.present.add(name);
    if (rules.has(name)) this.waiting.push({ name, value, member });
    const secret = this.waiting.filter((one) => this.isSecret(one));
    this.waiting = this.waiting.filter((one) => !secret.includes(one)).slice(-mostWaiting);
    return secret;
  }

  private isSecret({ name, value }: { readonly name: string; readonly value: string }): boolean {
    const rule = rules.get(name);
    return rule?.companions.some((each) => this.present.has(each) && rule.looksSecret(value, each)) === true;
  }
}

/** Whoever repeats a member a thousand times shall not make it slow. */
const mostWaiting = 16;

/** True where JSON (or JSON within JSON) may hold one: for the cheap look. */
export function mayHoldCompany(text: string): boolean {
  return (
    (text.includes('code') && /code\\{0,15}"\s{0,20}:\s{0,20}\\{0,15}"[^"\\]{6}/.test(text)) ||
    (text.includes('kty') && /kty\\{0,15}"/.test(text))
  );
}
