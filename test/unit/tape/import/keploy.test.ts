/** Tests and mocks of Keploy, in what the recorded set beside the checkout does not show. */
import { keploy } from '../../../../tape/import/keploy';
import { httpIn } from '../../../support/contents';
import { decoded, fileOf, imported } from '../../../support/importing';

const testOf = (req = '', resp = '', rest = '') => `version: api.keploy.io/v1beta1
kind: Http
name: test-1
spec:
  req:
    method: POST
    proto_major: 1
    proto_minor: 1
    url: http://localhost:3000/users?a=1
    header: { Host: "localhost:3000" }
    timestamp: 2024-07-31T21:13:23.94427882Z
${req}
  resp:
    status_code: 200
    header: {}
    proto_major: 0
    timestamp: 2024-07-31T21:13:27Z
${resp}
${rest}
`;
const read = (...texts: readonly string[]) =>
  imported(
    keploy,
    texts.map((text, i) => fileOf(`test-set-0/tests/test-${i + 1}.yaml`, text)),
  );

it('makes an inbound exchange of a test', () => {
  const { exchanges } = read(testOf('    body: |-\n      {"a": 1}', '    body: ok\n    status_message: OK'));
  const { request, response } = httpIn(exchanges[0]);
  expect(exchanges[0]).toMatchObject({ startedAtUs: 1_722_460_403_944_278, connection: { direction: 'inbound' } });
  expect(request).toMatchObject({ method: 'POST', target: '/users?a=1', version: '1.1' });
  expect(response).toMatchObject({ status: 200, reason: 'OK', version: '1.1' });
  expect([decoded(request).toString(), decoded(response).toString()]).toEqual(['{"a": 1}', 'ok']);
});

it('says that the files of a form are missing', () => {
  const { exchanges } = read(testOf('    form: [{ key: file, paths: [a.png] }]'));
  expect(exchanges[0]?.problems).toEqual(['not-in-file']);
});

it('counts mocks of other protocols', () => {
  const mock = 'version: api.keploy.io/v1beta1\nkind: PostgresV2\nname: mock-0\nspec: { metadata: {} }\n';
  const { exchanges, notes } = imported(keploy, [
    fileOf('set/mocks.yaml', `${mock}---\n${mock}`),
    fileOf('set/tests/test-1.yaml', testOf()),
    fileOf('keploy.yml', 'path: ""\n'),
  ]);
  expect(exchanges).toHaveLength(1);
  expect(notes).toEqual(['2 mocks of kind PostgresV2 left out: only HTTP is imported']);
});

it.each([
  ['spec: [', 'it is not YAML'],
  ['- 1\n', 'a list where an object belongs'],
  ['version: api.keploy.io/v1beta1\nkind: Http\nspec: { req: [] }\n', 'a list where an object belongs'],
  [testOf('', '', '').replace('status_code: 200', 'status_code: ok'), 'text where a whole number belongs'],
  [testOf().replace('2024-07-31T21:13:27Z', 'soon'), 'text where a date and time of ISO 8601 belongs'],
])('refuses %j', (text, what) => {
  expect(() => read(text)).toThrow(
    expect.objectContaining({ code: 'IMPORT_UNREADABLE', seen: [expect.stringContaining(what)] }),
  );
});
