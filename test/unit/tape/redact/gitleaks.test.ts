/**
 * Made-up secrets of every format gitleaks knows by a prefix of its own, alone in a string of JSON. What stays is listed
 * here with the reason; a format that is added to the corpus and stays fails the test.
 */
import { createRedactor } from '../../../../tape/redact/redactor';
import { rulesWithPrefix, secretOf } from '../../../support/gitleaks';
import { randomFrom } from '../../../support/secrets';
import { bodyOf, requestOf } from '../../../support/tapes';

const staying: Readonly<Record<string, string>> = {
  'aws-amazon-bedrock-api-key-short-lived': 'a beginning without a secret behind it',
  jwt: 'the samples are no base64 of JSON',
  'jwt-base64': 'the samples are no base64',
  'private-key': 'no sample: the expression has a lazy repeat; patterns.test.ts has keys',
  'slack-app-token': 'samples of a dozen characters; the shortest that Slack gives out has 90',
  'sourcegraph-access-token': 'one of its writings is any hash of 40 digits',
  'twilio-api-key': 'SK… is the id of a key, which may be shown',
};

const rules = rulesWithPrefix();
const redactor = createRedactor({ key: Buffer.alloc(32, 7) });
const isTaken = (secret: string) =>
  redactor.redactRequest(
    requestOf({
      headers: [['Content-Type', 'application/json']],
      body: bodyOf(JSON.stringify({ n: 1, note: secret })),
    }),
  ).entries.length > 0;

if (rules === undefined) {
  it.skip('gitleaks: ../shared/corpora/redaction is not on this machine', () => undefined);
} else {
  const tries = 20;
  it.each(rules.map((rule) => [rule.id, rule] as const))('%s', (id, rule) => {
    const random = randomFrom(id.length * 31 + id.charCodeAt(0));
    const secrets = Array.from({ length: tries }, () => secretOf(rule, random)).filter((secret) => secret !== null);
    if (secrets.length === 0) return expect(staying[id]).toMatch(/^no sample/);
    const taken = secrets.filter(isTaken).length;
    return expect(
      taken === tries || staying[id] !== undefined ? true : [id, taken, secrets.find((secret) => !isTaken(secret))],
    ).toBe(true);
  });
}
