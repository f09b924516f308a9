/** Personal data: only where it is asked for. The numbers are published samples or made to fit; none was given to anybody. */
import { hasCheckDigits } from '../../../../tape/redact/iban';
import { isAadhaar, isCpf, isDni, isNir, isSteuerId } from '../../../../tape/redact/national-id';
import { isPersonalRule, personal } from '../../../../tape/redact/personal';
import { builtInRules, createRedactor } from '../../../../tape/redact/redactor';
import { bodyMarked, redactedRequest } from '../../../support/redacting';

const asked = { personal: true };
const text = (body: string) => bodyMarked('text/plain', body, asked);
const json = (body: string) => bodyMarked('application/json', body, asked);

/** The last digits tried until the check fits. */
function fitting(begin: string, ends: readonly string[], isValid: (id: string) => boolean): string {
  return `${begin}${ends.find((end) => isValid(begin + end))}`;
}
const digits = [...'0123456789'];
const aadhaar = fitting('23412341234', digits, isAadhaar);
const grouped = aadhaar.replace(/(\d{4})(?=\d)/g, '$1 ');

it.each([
  ['an IBAN', 'DE89370400440532013000'],
  ['an IBAN in groups', 'GB82 WEST 1234 5698 7654 32'],
  ['an e-mail address', 'jane.doe+news@mail.example.com'],
  ['an e-mail address beyond ASCII', 'müller@exämple.de'],
  ['a number in E.164', '+14155550123'],
  ['an international number', '+49 (0)30 1234567'],
  ['a number of the United States', '(212) 555-0123'],
  ['a number of the United States', '212-555-0123'],
  ['a number of France', '01 23 45 67 89'],
  ['a number of the United Kingdom', '020 7946 0123'],
  ['a number of Germany', '030/1234567'],
  ['a number of Brazil', '(11) 91234-5678'],
  ['a number of India', '98765 43210'],
  ['an SSN', '078-05-1120'],
  ['a NINO', 'AB 12 34 56 C'],
  ['a CPF', '529.982.247-25'],
  ['a CPF', '52998224725'],
  ['a Steuer-ID', '86095742719'],
  ['a DNI', '12345678Z'],
  ['a NIE', 'X1234567L'],
  ['a NIR', '2 55 08 14 168 025 38'],
  ['an Aadhaar number', grouped],
])('takes %s wherever it stands: %s', (_, value) => {
  expect(text(`see ${value}, or not`)).toBe('see <>, or not');
  expect(json(`{"a":["${value}"]}`)).toBe('{"a":["<>"]}');
  const { request } = redactedRequest(
    { target: `/a?q=${encodeURIComponent(value)}`, headers: [['X-Who', value]] },
    asked,
  );
  expect(decodeURIComponent(request.target)).not.toContain(value);
  expect(request.headers.at(-1)?.[1]).not.toBe(value);
  expect(bodyMarked('text/plain', `see ${value}`)).toBe(`see ${value}`);
});

it.each([
  '{"firstName":"Jane","last_name":"Doe","Full Name":"Jane Doe"}',
  '{"dateOfBirth":"1980-02-03","dob":19800203,"geburtsdatum":"03.02.1980"}',
  '{"user":{"phone":"5550123","ssn":"123456789","email":"x"}}',
  '{"vorname":"Jana","apellidos":"Pérez","prenom":"Jeanne"}',
])('takes what stands under such a name: %s', (body) => {
  expect(json(body)).toMatch(/^\{.*<>.*\}$/);
  expect(json(body)).not.toMatch(/Jane|Doe|1980|5550123|123456789|Jana|Pérez|Jeanne/);
  expect(bodyMarked('application/json', body)).toBe(body);
});

it.each([
  ['an IBAN that does not add up', 'DE89370400440532013001'],
  ['a country without IBANs', 'XX89370400440532013000'],
  ['a CPF that does not add up', '529.982.247-26'],
  ['a DNI with another letter', '12345678A'],
  ['an SSN that is never given out', '666-05-1120'],
  ['a NINO that is never given out', 'BG 12 34 56 C'],
  ['a date', '2026-11-20'],
  ['a time', '2026-11-20T10:00:00.123456Z'],
  ['an id', '4711471147'],
  ['a UUID', '0b9c6a1e-7f3d-4e5a-9b1c-2d3e4f5a6b7c'],
  ['a version', '10.20.30.40'],
  ['a price', '1,234,567.89'],
  ['a host', 'user@host'],
])('leaves %s', (_, value) => {
  expect(text(`see ${value}, or not`)).toBe(`see ${value}, or not`);
});

it.each([
  ['CPF', isCpf, '52998224725', '11111111111'],
  ['Steuer-ID', isSteuerId, '86095742719', '86095742718'],
  ['DNI', isDni, '12345678Z', '12345678X'],
  ['NIR', isNir, '255081416802538', '255081416802537'],
  ['Aadhaar', isAadhaar, aadhaar, `${aadhaar.slice(0, 10)}${aadhaar.slice(11)}${aadhaar.charAt(10)}`],
  ['IBAN', hasCheckDigits, 'GB82WEST12345698765432', 'GB82WEST12345698765423'],
])('reckons the check digits of %s', (_, isValid, right, wrong) => {
  expect([isValid(right), isValid(wrong)]).toEqual([true, false]);
});

it('is named among the rules in force only where it was asked for, and each name once', () => {
  const key = Buffer.alloc(32, 1);
  expect(createRedactor({ key }).ruleNames).toEqual(builtInRules);
  const names = createRedactor({ key, personal: true }).ruleNames;
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter(isPersonalRule).sort()).toEqual([
    'personal-birth-date',
    'personal-email',
    'personal-iban',
    'personal-name',
    'personal-national-id',
    'personal-phone',
  ]);
});

it.each(['a', 'a@', 'a.', '1', '+1', '12-', '0 1', 'DE89 ', 'ä', 'AB 12 ', '(', '12345678'])(
  'takes linear time on %j again and again',
  (piece) => {
    personal.finders[0]?.find(piece.repeat(50_000)); // jest's own limit is the judge
  },
);
