/** Objects and lists in which one value names what another is. */
import { bodyMarked } from '../../../support/redacting';

const json = (text: string) => bodyMarked('application/json', text);

it.each([
  '[{"k":"password","v":"<>"}]',
  '[{"name":"db_pass","val":"<>"}]',
  '[{"val":"<>","name":"db_pass"}]',
  '{"label":"Password","value":"<>"}',
  '{"type":"password","value":"<>","temporary":false}',
  '{"id":"user","attribute":"otpCode","newValue":"<>"}',
  '{"password":{"cleartext":"<>","length":9}}',
  '{"secret":{"stringValue":"<>"}}',
  '{"user_pass":{"new":"<>","old":"<>"}}',
  '{"Item":{"password":{"S":"<>"}}}',
  '{"data":{"password":{"set":"<>"}}}',
  '[{"op":"replace","path":"/users/1/password","value":"<>"}]',
  '[{"value":"<>","op":"add","path":"/apiKey"}]',
  '{"field":"password","to":"<>","from":"<>"}',
  '{"column":"api_key","operator":"=","value":"<>"}',
  '{"envVar":"DB_PASSWORD","value":"<>"}',
  '{"setting_value":"<>","setting":"smtp_password"}',
  '{"question":"password","answer":"<>"}',
  '{"name":"password","value":["<>","<>"]}',
  '["password","<>"]',
  '{"fields":[["user","bob"],["password","<>"]]}',
  '{"header":["X-Api-Key","<>"]}',
  '{"Cmd":["tool","--db-password","<>","--force"],"n":1}',
  '{"rawHeaders":["Host","a.test","X-Api-Key","<>","Authorization","Bearer <>"]}',
])('are redacted: %s', (template) => {
  expect(json(template.replaceAll('<>', 'hunter22x'))).toBe(template);
});

it('take a value in words only where it can be no further name', () => {
  expect(json('[["password","hunter"],["user","bob"]]')).toBe('[["password","<>"],["user","bob"]]');
  expect(json('["password","hunter"]')).toBe('["password","hunter"]');
});

it.each([
  '[{"k":"color","v":"red"}]',
  '{"type":"text","value":"x"}',
  '{"label":"Password","help":"at least ten"}',
  '["password","email"]',
  '["password","token","x1"]',
  '{"required":["password","email2"]}',
  '{"path":["token",0],"code":"too_small"}',
  '[{"loc":["password","min:8"],"msg":"too short"}]',
  '[["password","token"],["user","email"]]',
  '{"path":"/reset-password","value":"12 ms"}',
  '{"op":"replace","path":"/name","value":"bob17"}',
  '{"Cmd":["tool","--token-type","x1","--password","--force"]}',
  '{"name":"password","content":"how to choose one"}',
  '{"field":"password","error":"x1y2"}',
  '{"token":{"from":"ETH","to":"USDC"}}',
])('stay where the name is innocent, or names nothing: %s', (text) => {
  expect(json(text)).toBe(text);
});
