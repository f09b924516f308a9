/** Members that are secrets only beside others. */
import { bodyMarked } from '../../../support/redacting';

const code = 'q7W8x9Yz11aa';

it.each([
  '{"grant_type":"authorization_code","code":"<>"}',
  '{"code":"<>","grant_type":"authorization_code"}',
  '{"code":"<>","redirect_uri":"https://a.test/cb","n":1}',
  '{"code":"<>","state":"abc"}',
  '{"state":"abc","code":"<>"}',
  '{"a":[{"state":"abc","deep":{"x":1},"code":"<>"}]}',
])('takes the OAuth code: %s', (template) => {
  expect(bodyMarked('application/json', template.replace('<>', code))).toBe(template);
  const within = JSON.stringify({ message: template.replace('<>', code) });
  expect(JSON.parse(bodyMarked('application/json', within)).message).toBe(template);
});

it.each([
  '{"code":"US","state":"CA"}',
  '{"code":"ERR_NOT_FOUND","state":"open"}',
  '{"code":"q7W8x9Yz11aa","name":"voucher"}',
  '{"state":"x","inner":{"code":"q7W8x9Yz11aa"}}',
  '{"k":"v","d":"2026-01-01","p":1}',
])('leaves %s', (text) => {
  expect(bodyMarked('application/json', text)).toBe(text);
});

it('takes the private members of a JSON Web Key and leaves the public ones', () => {
  const n = 'n0Vq'.repeat(20);
  const d = 'd7W8'.repeat(20);
  expect(
    bodyMarked(
      'application/json',
      `{"keys":[{"d":"${d}","kty":"RSA","n":"${n}","e":"AQAB","p":"${d}1","qi":"${d}2"}]}`,
    ),
  ).toBe(`{"keys":[{"d":"<>","kty":"RSA","n":"${n}","e":"AQAB","p":"<>","qi":"<>"}]}`);
  expect(bodyMarked('application/json', `{"kty":"oct","k":"${d}"}`)).toBe('{"kty":"oct","k":"<>"}');
});
