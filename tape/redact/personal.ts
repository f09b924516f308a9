/**
 * Personal data, for recordings that ask for it: account numbers, e-mail addresses, telephone numbers and numbers of
 * identity wherever they stand in text; names and dates of birth by the names of their members. Off unless asked for: most
 * of it is what a service is about, and taking it makes every customer's name a stranger's.
 */
import type { PathPattern } from '../model/path';
import type { Finder, Found } from './finder';
import { ibansIn, type Span } from './iban';
import { nationalIds } from './national-id';
import type { PathRule } from './rules';

/** Every rule begins with this: a tape's ledger tells by it that its recording asked for them. */
const prefix = 'personal-';

export function isPersonalRule(rule: string): boolean {
  return rule.startsWith(prefix);
}

/** RFC 5321 4.5.3.1, without quoted names; letters beyond ASCII are bytes of UTF-8. */
const email =
  /(?<![\w.+\u0080-\u00ff-])[\w.+'\u0080-\u00ff-]{1,64}@[A-Za-z0-9\u0080-\u00ff](?:[\w\u0080-\u00ff-]{0,62}\.){1,8}[A-Za-z\u0080-\u00ff]{2,24}(?![\w-])/g;

/** E.164 with its plus, and the usual national writings, which must have groups: bare digits are numbers of any kind. */
const phones = new RegExp(
  `(?<![\\w+.-]|\\d[ /])(?:${[
    '(?:\\+|00)[1-9](?:[ ().\\/-]{0,2}\\d){7,14}',
    '\\(0?\\d{2,4}\\)[ -]?\\d{3,5}[ -]?\\d{3,5}', // (212) 555-0123, (11) 91234-5678
    '(?:1[-. ])?\\d{3}([-. ])\\d{3}\\1\\d{4}', // 212-555-0123
    '0\\d(?:([ .-])\\d{2})(?:\\2\\d{2}){3}', // 01 23 45 67 89
    '0\\d{2,4}[ /-]\\d{3,8}(?:[ -]\\d{2,6}){0,2}', // 020 7946 0123, 030/1234567
    '[6-9]\\d{4} \\d{5}', // 98765 43210
  ].join('|')})(?![\\w]|[-.]\\d)`,
  'g',
);

const finders: readonly (readonly [rule: string, find: (text: string) => Iterable<Span>])[] = [
  ['iban', ibansIn],
  ['email', (text) => (text.includes('@') ? matches(text, email) : [])],
  ['national-id', nationalIdsIn],
  ['phone', (text) => matches(text, phones)],
];

function* nationalIdsIn(text: string): Generator<Span> {
  for (const { writing, isValid } of nationalIds) {
    for (const span of matches(text, writing)) {
      if (isValid(text.slice(span.start, span.end).replace(/[ .-]/g, ''))) yield span;
    }
  }
}

function* matches(text: string, expression: RegExp): Generator<Span> {
  for (const { 0: match, index } of text.matchAll(expression)) yield { start: index, end: index + match.length };
}

/** In order, and none overlapping: the first rule that finds something keeps it. */
function find(text: string): readonly Found[] {
  const all = finders.flatMap(([rule, spansIn]) =>
    [...spansIn(text)].map((span) => ({ ...span, rule: prefix + rule })),
  );
  const sorted = all
    .map((found, order) => ({ found, order }))
    .sort((a, b) => a.found.start - b.found.start || a.order - b.order);
  const kept: Found[] = [];
  for (const { found } of sorted) if (found.start >= (kept.at(-1)?.end ?? 0)) kept.push(found);
  return kept;
}

const memberNames: readonly (readonly [rule: string, names: string])[] = [
  [
    'birth-date',
    `birth date/birth day/birthday/birthdate/date of birth/dob/birth/born/born on/geburtsdatum/geburtstag/date naissance/
    date de naissance/fecha nacimiento/fecha de nacimiento/data nascimento/data de nascimento/data di nascita`,
  ],
  [
    'name',
    `first name/firstname/last name/lastname/full name/fullname/given name/family name/middle name/surname/maiden name/
    forename/patient name/customer name/card holder/cardholder/card holder name/cardholder name/name on card/account holder/
    vorname/nachname/prenom/nom de famille/nombre completo/apellido/apellidos/primer apellido/sobrenome/nome completo/cognome/
    voornaam/achternaam/imie/nazwisko`,
  ],
  [
    'phone',
    'phone/phone number/mobile/mobile number/telephone/tel/cell/cell phone/fax/msisdn/whatsapp/telefon/telefono',
  ],
  ['email', 'email/e mail/email address/mail address'],
  [
    'national-id',
    `ssn/social security number/sin/nino/national insurance number/cpf/steuer id/steueridentifikationsnummer/tax id/dni/nie/
    nir/aadhaar/aadhaar number/passport/passport number/national id/national id number/id card number/personal number/pesel/bsn/curp`,
  ],
  ['iban', 'iban/account number/bank account number/bic/swift'],
];

/** The places of members, fields and elements of these names, in every usual spelling, anywhere below a body or in a query. */
const places: readonly PathRule[] = memberNames.flatMap(([rule, names]) =>
  names
    .split('/')
    .flatMap((name) => spellingsOf(name.trim().split(/\s+/)))
    .flatMap((name) => pathsTo(name).map((path) => ({ kind: 'path', name: prefix + rule, in: 'both', path }) as const)),
);

function spellingsOf(words: readonly string[]): readonly string[] {
  const titles = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  const camel = [words[0] ?? '', ...titles.slice(1)].join('');
  const joined = ['', '_', '-', ' '].flatMap((sign) => [words.join(sign), words.join(sign).toUpperCase()]);
  return [...new Set([...joined, camel, titles.join(''), titles.join(' '), titles.join('_'), titles.join('-')])];
}

function pathsTo(name: string): readonly PathPattern[] {
  return [
    ['body', { wildcard: 'deep' }, name],
    ['query', name],
  ];
}

/** What a redactor is given beside its own rules. */
export const personal: { readonly rules: readonly PathRule[]; readonly finders: readonly Finder[] } = {
  rules: places,
  finders: [{ rules: finders.map(([rule]) => prefix + rule), find }],
};
