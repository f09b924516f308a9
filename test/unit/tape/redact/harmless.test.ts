/** What stands under a secret name and is none, and what looks like it and is one. */
import { bodyMarked } from '../../../support/redacting';

const json = (text: string) => bodyMarked('application/json', text);

it.each([
  '{"password":"Enter your password"}',
  '{"password":"Forgot password?","newPassword":"Choose a new password"}',
  '{"password":"Password is required"}',
  '{"errors":{"password":["is too short (minimum is 8 characters)","can\'t be blank"]}}',
  '{"errors":{"password":"must be filled"}}',
  '{"fieldErrors":{"token":"has expired, please ask again"}}',
  '{"labels":{"pin":"Your secret number"}}',
  '{"hasPassword":"yes","requirePassword":"always"}',
  '{"token":"USDC","baseToken":"ETH","quoteToken":"0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"}',
  '{"token":"0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"}',
  '{"clientToken":"order-17-try-2","ClientRequestToken":"abc-1","scrollToken":"p2"}',
  '{"Statement":[{"Sid":"AllowRead","Effect":"Allow"}]}',
  '{"sid":"SM0123456789abcdef0123456789abcdef"}',
  '{"pan":-0.25,"tilt":0.5}',
  '{"password":true,"token":null,"secret":"false","usable_password":"true"}',
])('stays: %s', (text) => {
  expect(json(text)).toBe(text);
});

it.each([
  ['{"password":"correct horse battery staple"}', '{"password":"<>"}'],
  ['{"password":"my secret garden"}', '{"password":"<>"}'],
  ['{"password":"password"}', '{"password":"<>"}'],
  ['{"errors":{"password":"hunter2"}}', '{"errors":{"password":"<>"}}'],
  [
    '{"errors":{"password":{"value":"hunter22","msg":"is too short"}}}',
    '{"errors":{"password":{"value":"<>","msg":"is too short"}}}',
  ],
  ['{"token":"USDC1a"}', '{"token":"<>"}'],
  ['{"client_token":"dev-root-17"}', '{"client_token":"<>"}'],
  ['{"sid":"0123456789abcdef"}', '{"sid":"<>"}'],
  ['{"pan":"4000-1234-5678-9017"}', '{"pan":"<>"}'],
])('goes: %s', (text, expected) => {
  expect(json(text)).toBe(expected);
});

it('asks nobody about a place a rule of the user names', () => {
  const rules = [{ kind: 'path', name: 'mine', in: 'both', path: ['body', 'password'] }] as const;
  expect(bodyMarked('application/json', '{"password":"Enter your password"}', { rules })).toBe('{"password":"<>"}');
});

it.each([
  ['token=USDC&x=1', 'token=USDC&x=1'],
  ['token=USDC1a&x=1', 'token=<>&x=1'],
])('is told apart in forms: %s', (text, expected) => {
  expect(bodyMarked('application/x-www-form-urlencoded', text)).toBe(expected);
});

it.each(['usable_password=true&token=null&secret=False', 'password=&csrf=false'])('stays in a form: %s', (text) => {
  expect(bodyMarked('application/x-www-form-urlencoded', text)).toBe(text);
});

it('goes in a form: what only begins so', () => {
  expect(bodyMarked('application/x-www-form-urlencoded', 'password=true1&token=nullable')).toBe('password=<>&token=<>');
});
