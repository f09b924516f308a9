/** Names beyond ASCII as they are written where JSON is kept in ASCII, and in text that is no UTF-8. */
import { createDetection } from '../../../../tape/redact/detection';
import { createRedactor } from '../../../../tape/redact/redactor';
import { expectLinear, KiB, repeat } from '../../../support/linear';
import { bodyMarked } from '../../../support/redacting';
import { bodyOf, requestOf } from '../../../support/tapes';

const secret = 'tr0ub4dor-and-3';
const names = [
  'contraseña',
  'hasło',
  'пароль',
  'Пароль',
  'κωδικός',
  '密码',
  'パスワード',
  '비밀번호',
  'סיסמה',
  'كلمة المرور',
];

/** As Python's json.dumps, PHP's json_encode and .NET's serializer write it. */
function inAscii(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

it.each(names)('are known when they are escaped: %s', (name) => {
  const inner = (value: string): string => inAscii(JSON.stringify({ n: 1, [name]: value }));
  const within = (value: string): string => JSON.stringify({ event: inner(value) });
  for (const write of [inner, within, (value: string) => JSON.stringify([within(value)])]) {
    expect(bodyMarked('application/json', write(secret))).toBe(write('<>'));
    const cut = (value: string): string => write(value).slice(0, -1);
    expect(bodyMarked('application/json', cut(secret))).toBe(cut('<>'));
  }
});

it('are known in capital digits, and behind an escape', () => {
  const body = `{"text":"{\\n\\"\\u043F\\u0430\\u0440\\u043E\\u043B\\u044C\\":\\"${secret}\\"}"}`;
  expect(JSON.parse(bodyMarked('application/json', body))).toEqual({ text: '{\n"пароль":"<>"}' });
});

it.each([
  ['application/json; charset=iso-8859-1', '{"contraseña":"<>"}'],
  ['text/plain; charset=windows-1252', 'lösenord=<>'],
  ['application/x-www-form-urlencoded', 'u=1&contrase%F1a=<>'],
])('are known in latin1: %s', (type, template) => {
  const body = Buffer.from(template.replace('<>', secret), 'latin1');
  const { request, entries } = createRedactor({ key: Buffer.alloc(32, 7) }).redactRequest(
    requestOf({ headers: [['Content-Type', type]], body: bodyOf(body) }),
  );
  const after = Buffer.from(template.replace('<>', entries[0]?.placeholder ?? ''), 'latin1');
  expect(Buffer.from(request.body.bytes)).toEqual(after);
  expect(entries).toHaveLength(1);
});

it('cost no closer look where the words are innocent', () => {
  const { hidesNames } = createDetection();
  expect(hidesNames(inAscii('{"título":"El niño está en España","имя":"Пётр","标题":"你好"}'))).toBe(false);
  expect(hidesNames('{"html":"\\u003cb\\u003e"}')).toBe(false);
});

it.each([
  ['escapes of a name that goes on', '\\u043f\\u0430\\u0440'],
  ['escapes and letters', '\\u00f1aaaaaaaaaaaaaaaaaaaaaaa'],
  ['backslashes', '\\\\\\\\u00f1 '],
])('are looked for in linear time: %s', (_, unit) => {
  expectLinear((size) => ({ type: 'application/json', body: repeat(unit, size) }), 16 * KiB, 128 * KiB);
});
