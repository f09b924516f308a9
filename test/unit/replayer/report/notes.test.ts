import { casesFrom, isRunnable } from '../../../../replayer/cases/cases';
import { fillIn } from '../../../../replayer/report/notes';
import type { RedactionEntry } from '../../../../tape/redact/redacted';
import { storedExchanges } from '../../../support/exchanges';

const password: RedactionEntry = { in: 'request', path: 'body.password', rule: 'secret-name', placeholder: 'fpczhgmu' };
const token: RedactionEntry = {
  in: 'request',
  path: 'header["authorization"]',
  rule: 'authorization',
  placeholder: 'jtKjz',
};
const noBody = new Uint8Array(0);

function lacking(curl: string, body: Uint8Array, ...redacted: readonly RedactionEntry[]): string | undefined {
  const [test] = casesFrom(storedExchanges({ redacted })).filter(isRunnable);
  if (test === undefined) throw new Error('the sketch gives no case that can be run');
  return fillIn({ curl, body }, test);
}

it('says nothing of a command that works as it is', () => {
  expect(lacking('curl http://a/', noBody)).toBeUndefined();
  expect(lacking("curl -H 'authorization: Bearer mine'", noBody, token)).toBeUndefined();
  expect(lacking('curl http://a/ --data-binary jtKjz', noBody, { ...token, in: 'response' })).toBeUndefined();
});

it('names what stands for a secret, and where it stands', () => {
  expect(lacking('curl -d password=fpczhgmu', noBody, password, token)).toBe(
    'fpczhgmu (body.password) stands for what redaction took out: put your own in its place',
  );
  expect(lacking("curl -H 'Authorization: Bearer jtKjz' -d fpczhgmu", noBody, password, token)).toBe(
    'fpczhgmu (body.password), jtKjz (header["authorization"]) stand for what redaction took out: put your own in their place',
  );
});

it.each([
  ['too long', Buffer.from('x'.repeat(3000))],
  ['no text', Buffer.from([0xff, 0x00])],
])('names the body that a command has no room for: %s', (_, body) => {
  expect(lacking("curl --data-binary '@body.bin'", body)).toBe(
    'body.bin is to hold the request body of exchange 1, as wiretape show --json gives it',
  );
});
