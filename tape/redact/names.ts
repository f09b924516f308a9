/**
 * Which names promise a secret: members of JSON, fields of forms and queries, headers. By whole words, never by
 * substring: `passwordUpdatedAt`, `tokenType` and `nextPageToken` are innocent, `smtp_password` and `githubToken` are
 * not. Azure's list of defaults shows what broad names do: everything is redacted, and nothing matches any more.
 */

/** How the value under a name is read: all of it secret, or in the form of the header of that name. */
export type NameKind = 'secret' | 'authorization' | 'cookie' | 'set-cookie';

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** Last words that always promise a secret. */
const secretWords = new Set(
  words(`password passwd passwort passphrase passcode pwd secret apikey jwt otp totp cvv cvv2 cvc cvc2 csc csrf xsrf
    csrftoken xsrftoken authtoken accesstoken refreshtoken idtoken sessiontoken secretkey privatekey accesskey`),
);

/** Whole names that promise a secret, whose last word alone would not: their words joined. */
const secretNames = new Set(
  words(`pass pin sid connectsid sessionid sessid phpsessid jsessionid aspnetsessionid securitycode cardnumber
    creditcard creditcardnumber cardcode onetimecode mfacode verificationcode backupcode recoverycode
    codeverifier devicecode clientassertion assertion samlresponse samlassertion secrets passwords apikeys
    secretstring connectionstring accountkey sharedaccesssignature xamzsignature xamzcredential xgoogsignature
    xgoogcredential oauthsignature passwordconfirmation passwordconfirm passwordrepeat password1 password2`),
);

/** `token` as the last word promises a secret, unless the word before it says that it counts or points. */
const innocentTokens = new Set(
  words(`page next prev previous continuation cursor sync pagination start end resume delta skip change idempotency max
    min total stop pad eos bos special input output first last watch fencing design`),
);

/** `key` as the last word promises a secret only after one of these. */
const secretKeys = new Set(
  words(
    'api secret private access signing signature encryption session master shared auth subscription functions hmac',
  ),
);

const headerNames: ReadonlyMap<string, NameKind> = new Map([
  ['authorization', 'authorization'],
  ['proxyauthorization', 'authorization'],
  ['xforwardedauthorization', 'authorization'],
  ['cookie', 'cookie'],
  ['setcookie', 'set-cookie'],
]);

export const longestName = 64;

/** Null where a member, field or header of this name is innocent. `user[password]` and `user.password` count by their last part. */
export function kindOfName(name: string): NameKind | null {
  return name.length > longestName ? null : decide(name);
}

function decide(name: string): NameKind | null {
  const parts = wordsOf(lastPart(name));
  const joined = parts.join('');
  return headerNames.get(joined) ?? (promisesSecret(parts, joined) ? 'secret' : null);
}

function promisesSecret(parts: readonly string[], joined: string): boolean {
  const last = parts.at(-1) ?? '';
  const before = parts.at(-2) ?? '';
  if (secretWords.has(last) || secretNames.has(joined) || secretNames.has(joined.replace(/^x(?=.)/, ''))) return true;
  if (last === 'token') return !innocentTokens.has(before);
  if (last === 'key') return secretKeys.has(before);
  return secretWords.has(before + last) || secretNames.has(before + last);
}

function lastPart(name: string): string {
  return /([^[\]]+)\]*$/.exec(name)?.[1]?.split('.').at(-1) ?? name;
}

/** `accessToken`, `access_token`, `X-Access-Token`, `DBPassword` → lower-case words. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

/**
 * Three letters that every name with a kind holds within one of its words, so that no separator breaks them; the rarest
 * ones, as each costs a look wherever it occurs. A test holds them and the names together.
 */
export const nameTrigrams: readonly string[] = words(
  'pas pwd ecr key jwt otp cvv cvc csc srf tok pin sid ses car cod sse aml nne gna ede riz kie',
);
