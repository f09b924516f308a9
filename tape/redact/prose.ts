/**
 * Codes and passwords that somebody is told in a sentence, as in the text of a mail or a short message: `Your verification
 * code is 123456`. Only what has a digit in it, and follows words that promise exactly this.
 */
import type { Edit } from './ledger';
import { notBehind, wordEdge } from './word-start';

/** Codes that are no secret. */
const otherCodes =
  '(?:error|status|exit|response|promo|promotion|discount|coupon|referral|zip|postal|post|country|area|product|order|booking|tracking|store|tax|source)';
const purpose =
  '(?:one[- ]time|verification|verify|security|confirmation|log[- ]?in|sign[- ]?in|access|authentication|authorization|auth|activation|reset|recovery|unlock|sms|otp|2fa|mfa|pairing)';
const yours = `your(?! (?:[\\w'-]{1,30} ){0,2}${otherCodes}[ -])(?: [\\w'-]{1,30}){0,3}`;
const gap = '(?:[\\s:*"\'`]|\\\\[rnt"]|&nbsp;|<[^<>]{1,200}>){1,12}'; // blanks of JSON too, before they are undone

const told = new RegExp(
  `${wordEdge}(?:(?:${purpose}|${yours}) (?:pass)?code|(?:one[- ]time|temporary|new|initial|default|your)(?: [\\w'-]{1,20}){0,2} (?:password|passcode|pin|otp)|(?:password|passcode|pin)(?= for ))(?: for [\\w.@+-]{1,64})?(?: is| will be|:| =)${gap}([A-Za-z]{0,3}-?\\d{4,8}(?![\\w-])|\\d{3}[- ]\\d{3}(?![\\w-])|(?=[^\\s"'\`<>\\\\]{0,63}\\d)[^\\s"'\`<>\\\\]{6,64})`,
  'gi',
);
const toldFirst = new RegExp(
  `${notBehind('[\\w.,-]')}((?:[A-Za-z]{1,3}-)?\\d{4,8}|\\d{3}[- ]\\d{3})(?:<[^<>]{1,200}>)? is ${yours} (?:pass)?(?:code|otp|pin|word)\\b`,
  'gi',
);

/** What the sentences have at the least; the others are for names. */
const aboutCode = /[cC](?:ode|ODE)(?:[ +](?:is|will|for|=)|:)|your[ +](?:[\w'-]{1,30}[ +]){0,3}(?:pass)?[cC]ode/;
const aboutOthers = /(?:word|pin|otp)(?: (?:is|will|for|=)|:)|is your /i;

export function toldSecrets(text: string, take: (secret: string) => string): Edit[] {
  if (!aboutCode.test(text) && !aboutOthers.test(text)) return [];
  const later = [...text.matchAll(told)].map(({ 0: all, 1: value = '', index }) => {
    const start = index + all.length - value.length;
    return { start, secret: value.replace(/[.,;:!?)*]+$/, '') };
  });
  const first = [...text.matchAll(toldFirst)].map(({ 1: secret = '', index }) => ({ start: index, secret }));
  return [...later, ...first]
    .filter(({ secret }) => !isMeasure(secret))
    .map(({ start, secret }) => ({ start, end: start + secret.length, text: take(secret) }));
}

/** `6-digit`, `8characters`; and an address is for the rules about URLs. */
function isMeasure(secret: string): boolean {
  return /^\d{1,3}-?[a-z]+$/i.test(secret) || secret.includes('://') || !/\d/.test(secret);
}

/** True where a text may tell one: for the cheap look, which knows `password`, `pin` and `otp` anyway. */
export function mayTellCode(text: string): boolean {
  if (!aboutCode.test(text)) return false;
  const words = text.replaceAll('+', ' '); // in forms
  return words.search(told) >= 0 || words.search(toldFirst) >= 0;
}
