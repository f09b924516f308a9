/** Card numbers: an issuer's prefix with one of its lengths (ISO/IEC 7812, the networks' published ranges) and Luhn. */

interface Issuer {
  /** Inclusive range of the first digits. */
  readonly from: string;
  readonly to: string;
  readonly lengths: readonly number[];
}

const issuers: readonly Issuer[] = [
  { from: '4', to: '4', lengths: [13, 16, 19] }, // Visa
  { from: '51', to: '55', lengths: [16] }, // Mastercard
  { from: '2221', to: '2720', lengths: [16] },
  { from: '34', to: '34', lengths: [15] }, // American Express
  { from: '37', to: '37', lengths: [15] },
  { from: '6011', to: '6011', lengths: [16, 19] }, // Discover
  { from: '644', to: '659', lengths: [16, 19] },
  { from: '3528', to: '3589', lengths: [16] }, // JCB
  { from: '300', to: '305', lengths: [14] }, // Diners Club
  { from: '36', to: '36', lengths: [14] },
  { from: '38', to: '39', lengths: [14] },
  { from: '62', to: '62', lengths: [16, 17, 18, 19] }, // UnionPay
  { from: '5018', to: '5038', lengths: [16] }, // Maestro
  { from: '6759', to: '6763', lengths: [16] },
];

/** Digits only; separators are the caller's to remove. */
export function isCardNumber(digits: string): boolean {
  return passesLuhn(digits) && issuers.some((issuer) => fits(digits, issuer));
}

function fits(digits: string, { from, to, lengths }: Issuer): boolean {
  const prefix = digits.slice(0, from.length);
  return prefix >= from && prefix <= to && lengths.includes(digits.length);
}

/** ISO/IEC 7812-1 annex B. */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/**
 * Where card numbers may stand: 13 to 19 digits, in one run or in groups set apart by single spaces or dashes, and no
 * part of a longer number, a decimal fraction, a UUID or a word.
 */
export const cardCandidate = /(?<![\w.+-]|[-\d] )\d(?:[ -]?\d){12,18}(?![\w-]|\.\d| \d)/g;
