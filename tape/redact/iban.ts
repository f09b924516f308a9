/** International bank account numbers (ISO 13616): a country, two check digits, and as many letters as that country has. */

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The registry's lengths, check digits and country included. */
const lengths = new Map(
  `AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24
  FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21
  LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22
  RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30`
    .split(/\s+/)
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))] as const),
);

const beginning = /(?<![0-9A-Za-z])[A-Z]{2}\d{2}/g;
const one = /[ -]?[0-9A-Z]/y;

export function* ibansIn(text: string): Generator<Span> {
  for (const { 0: begin, index } of text.matchAll(beginning)) {
    const end = endOf(text, index + begin.length, (lengths.get(begin.slice(0, 2)) ?? 4) - 4);
    if (end !== undefined && hasCheckDigits(text.slice(index, end).replace(/[ -]/g, ''))) yield { start: index, end };
  }
}

/** Single spaces and dashes may stand between its groups. */
function endOf(text: string, from: number, count: number): number | undefined {
  if (count === 0) return undefined;
  one.lastIndex = from;
  for (let i = 0; i < count; i++) if (!one.test(text)) return undefined;
  return /[0-9A-Za-z]/.test(text.charAt(one.lastIndex)) ? undefined : one.lastIndex;
}

/** ISO 7064, MOD 97-10. */
export function hasCheckDigits(iban: string): boolean {
  let rest = 0;
  for (const sign of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(sign, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}
