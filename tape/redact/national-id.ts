/**
 * Numbers that states give to people, by their writing and, where they have them, their check digits. Those without one
 * (United States, United Kingdom) are known by their groups and by what is never given out.
 */

export interface NationalId {
  readonly country: string;
  /** Global; what stands around it is part of the expression. Linear: counts only, and no two that could share a sign. */
  readonly writing: RegExp;
  isValid(digits: string): boolean;
}

const digit = (text: string, at: number): number => text.charCodeAt(at) - 48;
const sum = (text: string, weightAt: (at: number) => number): number =>
  [...text].reduce((total, _, at) => total + digit(text, at) * weightAt(at), 0);

/** Never given out: area 000, 666 and 9xx, group 00, serial 0000 (SSA, randomisation of 2011). */
function isSsn(id: string): boolean {
  return !/^(?:000|666|9)|^...00|0000$/.test(id);
}

/** Prefixes HMRC does not use. */
function isNino(id: string): boolean {
  return !/^(?:BG|GB|KN|NK|NT|TN|ZZ)/.test(id);
}

/** Receita Federal: two check digits, MOD 11. */
export function isCpf(id: string): boolean {
  if (/^(\d)\1+$/.test(id)) return false;
  return [9, 10].every((length) => {
    const rest = (sum(id.slice(0, length), (at) => length + 1 - at) * 10) % 11;
    return rest % 10 === digit(id, length);
  });
}

/** Bundeszentralamt für Steuern: of the first ten digits one comes twice or three times; ISO 7064, MOD 11,10. */
export function isSteuerId(id: string): boolean {
  const counts = [...'0123456789'].map((each) => id.slice(0, 10).split(each).length - 1);
  const repeated = counts.filter((count) => count > 1);
  if (id.startsWith('0') || repeated.length !== 1 || (repeated[0] ?? 0) > 3) return false;
  let product = 10;
  for (let at = 0; at < 10; at++) {
    const rest = (digit(id, at) + product) % 10;
    product = ((rest === 0 ? 10 : rest) * 2) % 11;
  }
  return (11 - product) % 10 === digit(id, 10);
}

/** Spain: the letter is the number's rest by 23; X, Y and Z of foreigners stand for 0, 1 and 2. */
export function isDni(id: string): boolean {
  const number = Number(id.slice(0, -1).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter))));
  return 'TRWAGMYFPDXBNJZSQVHLCKE'.charAt(number % 23) === id.slice(-1);
}

/** France: 97 less the rest by 97; Corsica's 2A and 2B count as 19 and 18. */
export function isNir(id: string): boolean {
  const number = id.slice(0, 13).replace('2A', '19').replace('2B', '18');
  return 97 - Number(BigInt(number) % 97n) === Number(id.slice(13));
}

const product = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
];
const permutation = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
];

/** India: the check digit of Verhoeff; the first digit is never 0 or 1. */
export function isAadhaar(id: string): boolean {
  const check = [...id].reverse().reduce((state, _, at) => {
    const moved = digit(permutation[at % 8] ?? '', digit(id, id.length - 1 - at));
    return digit(product[state] ?? '', moved);
  }, 0);
  return check === 0;
}

const alone = (expression: string): RegExp =>
  new RegExp(`(?<![0-9A-Za-z]|[0-9][.-])(?:${expression})(?![0-9A-Za-z]|[.-][0-9])`, 'g');

export const nationalIds: readonly NationalId[] = [
  { country: 'US', writing: alone('\\d{3}-\\d{2}-\\d{4}|\\d{3} \\d{2} \\d{4}'), isValid: isSsn },
  {
    country: 'GB',
    writing: alone('[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\\d{2} ?\\d{2} ?\\d{2} ?[A-D]'),
    isValid: isNino,
  },
  { country: 'BR', writing: alone('\\d{3}\\.\\d{3}\\.\\d{3}-\\d{2}|\\d{11}'), isValid: isCpf },
  { country: 'DE', writing: alone('\\d{2} \\d{3} \\d{3} \\d{3}|\\d{11}'), isValid: isSteuerId },
  { country: 'ES', writing: alone('(?:\\d{8}|[XYZ]-?\\d{7})-?[A-HJ-NP-TV-Z]'), isValid: isDni },
  {
    country: 'FR',
    writing: alone('[12] ?\\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\\d) ?(?:\\d{2}|2[AB]) ?\\d{3} ?\\d{3} ?\\d{2}'),
    isValid: isNir,
  },
  { country: 'IN', writing: alone('[2-9]\\d{3}[ -]\\d{4}[ -]\\d{4}'), isValid: isAadhaar },
];
