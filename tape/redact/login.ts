/**
 * Where people log in, a letter is enough to name a password: `"credentials": {"u": …, "p": …}`. This says what is such a
 * place, and which names are that short. Anywhere else `p` is a page or a price.
 */

/** Names under which they may stand as one string. */
export function isCredentialsName(name: string): boolean {
  return name.length >= shortestCredentials && /redentials?$/i.test(name);
}

const shortestCredentials = 'credential'.length;

/** Names of objects, or lists of them, that somebody logs in with. */
export function isLoginName(name: string): boolean {
  return /(?:^|[a-z_-])(?:credentials?|creds?)$|^(?:(?:basic|http)?[-_]?auth(?:entication)?|(?:log|sign)[-_]?[io]n)$/i.test(
    name,
  );
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

/** True where a text with a name of one letter in it speaks of a place to log in: for the cheap look. */
export function mayLogIn(text: string): boolean {
  return /["$]p\b/i.test(text) && /cred|auth|log[-_]?[io]n|sign[-_]?[io]n|session|token|jwt/i.test(text);
}

/** The same for variables of GraphQL; `"p"` is seen among the words. */
export function mayHandOverPassword(text: string): boolean {
  return (text.includes('$p') || text.includes('$P')) && mayLogIn(text);
}
