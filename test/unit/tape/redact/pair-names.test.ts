/** Objects in which one member names what another holds. */
import { bodyMarked } from '../../../support/redacting';

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
])('are redacted: %s', (template) => {
  expect(bodyMarked('application/json', template.replaceAll('<>', 'hunter22x'))).toBe(template);
});

it.each(['[{"k":"color","v":"red"}]', '{"type":"text","value":"x"}', '{"label":"Password","help":"at least ten"}'])(
  'stay where the name is innocent: %s',
  (text) => {
    expect(bodyMarked('application/json', text)).toBe(text);
  },
);
