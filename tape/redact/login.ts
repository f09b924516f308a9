/**
 * Where people log in, a letter is enough to name a password: `"credentials": {"u": …, "p": …}`. This says what is such a
 * place, and which names are that short. Anywhere else `p` is a page or a price.
 */

/** Names of what somebody logs in with: an object, a list of them, or one string. */
export function isCredentialsName(name: string): boolean {
  return /(?:^|[a-z_-])(?:credentials?|creds?)$/i.test(name);
}

/** Names of objects, these and some that are no name for a string. */
export function isLoginName(name: string): boolean {
  return isCredentialsName(name) || /^(?:(?:basic|http)?[-_]?auth(?:entication)?|(?:log|sign)[-_]?[io]n)$/i.test(name);
}

/** True where a text names an operation by which somebody logs in: of GraphQL, or a method called by name. */
export function isLogin(text: string): boolean {
  return /(?<![A-Za-z])(?:[a-z]{0,20}[._])?(?:(?:user|admin|customer|account|do|perform)_?)?(?:log_?[io]n|sign_?[io]n|authenticate|create_?session|(?:obtain|create|get)_?(?:auth_?)?(?:token|jwt))(?:with\w{0,40}|by\w{0,40}|user|customer)?(?!\w)/i.test(
    text,
  );
}

/** A password's name where nothing longer is needed. */
export function isPassword(name: string): boolean {
  return name === 'p' || name === 'P';
}

/** `user:password`, or what looks random: a value that stands itself under the name of credentials. */
export function looksLikeCredentials(value: string): boolean {
  return (
    /^[\w.@+-]{1,64}:(?!\/|\d{1,2}(?::|$))\S{4,128}$/.test(value) ||
    (/^[\w.~+/=-]{16,}$/.test(value) && /\d/.test(value) && /[a-z]/.test(value) && /[A-Z]/.test(value))
  );
}

/** True where a text may hold a member `p`, a variable `$p` or credentials that stand by themselves: for the cheap look. */
export function mayHoldCredentials(text: string): boolean {
  return (
    (/["'$]p\b/i.test(text) && /cred|auth|log[-_]?[io]n|sign[-_]?[io]n|session|token|jwt/i.test(text)) ||
    /creds?\\{0,15}"|credentials?\\{0,15}"/i.test(text)
  );
}

/** Each of those holds one of them: for a look at bytes. */
export const credentialSigns: readonly string[] = [
  '"p"',
  '"P"',
  '"p\\',
  '"P\\',
  '$p',
  '$P',
  'redential',
  'REDENTIAL',
  'creds"',
  'creds\\',
  'cred"',
  'cred\\',
];
