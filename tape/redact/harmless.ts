/**
 * Values that are no secret although their name promises one: what a form says above its password field, what an API
 * says is wrong with one, which coin a token is. Only what cannot be a secret is let through, as the name speaks
 * against it.
 */

/** Where a value stands: its name and that of the object or list around it, '' where there is none. */
export interface Surrounding {
  readonly name: string;
  readonly parent: string;
}

/** True where a value under a secret name is let through. Bytes read as latin1. */
export function isHarmless(value: string, { name, parent }: Surrounding): boolean {
  if (/^(?:true|false|null)$/i.test(value) || isLabel(value)) return true;
  if (isErrorName(parent) || isErrorName(name)) return isSentence(value);
  if (/token$/i.test(name) || (/^(?:from|to)$/.test(name) && /token$/i.test(parent))) return isCoin(value);
  if (/sid$/i.test(name)) return isResourceId(value);
  if (/^pan$/i.test(name)) return value.replace(/\D/g, '').length < 12;
  return false;
}

const secretNoun =
  /\b(?:passwords?|passphrase|passcode|token|secret|api[- ]key|pin|otp|code|passwort|kennwort|mot de passe|senha|contrase\u00c3\u00b1a)\b/i;
const tellingSomebody =
  /^(?:please|enter|your|the|new|old|current|confirm|repeat|re-?enter|re-?type|type|choose|create|forgot|forgotten|lost|show|hide|reset|change|set|update|verify|invalid|wrong|incorrect|missing|bitte|ihr|neues|votre|nouveau|sua|nova|su|nueva)\b|\b(?:is|are|must|should|cannot|can't|does|do|required|invalid|incorrect|too short|too long)\b|\?$/i;

/**
 * `Enter your password`, `Forgot password?`, `Password is required`: several words of letters alone, one of which says
 * what the field is for, while another speaks to somebody. A passphrase is several words, too.
 */
function isLabel(value: string): boolean {
  return isSentence(value) && !/\d/.test(value) && secretNoun.test(value) && tellingSomebody.test(value);
}

/** Words and small numbers with the signs of prose. */
function isSentence(value: string): boolean {
  return value.length <= 300 && value.includes(' ') && value.split(' ').every((word) => isWord(word));
}

function isWord(word: string): boolean {
  return /^["'(\u0080-\u00ff]{0,4}(?:[A-Za-z\u0080-\u00ff]+(?:['\u2019-][A-Za-z\u0080-\u00ff]+)?|\d{1,3})?["').,:;?!*\u0080-\u00ff]{0,4}$/.test(
    word,
  );
}

/** Objects and lists that say what is wrong with each field. */
function isErrorName(name: string): boolean {
  return /(?:errors?|messages?|violations?|problems?|validation|labels?|hints?|placeholders?|i18n|translations?)$/i.test(
    name,
  );
}

/** A ticker (`USDC`), or the public address of a contract. */
function isCoin(value: string): boolean {
  return /^[A-Z]{3,5}$/.test(value) || /^0x[0-9a-fA-F]{40}$/.test(value);
}

/** Twilio's public ids are called `sid`: two letters and 32 hexadecimal digits. */
function isResourceId(value: string): boolean {
  return /^[A-Z]{2}[0-9a-f]{32}$/.test(value);
}
