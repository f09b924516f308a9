/** How clients of protocols log in that are kept as they are, under --keep-raw. */
import { createRedactor } from '../../../../tape/redact/redactor';
import { rawIn } from '../../../support/contents';
import { marked } from '../../../support/redacting';
import { exchangeOf } from '../../../support/tapes';

const secret = 'q7W8x9Yz11aaBB22';

function sent(text: string): string {
  const raw = {
    protocol: null,
    requestSize: text.length,
    responseSize: 0,
    requestBytes: Buffer.from(text),
    responseBytes: null,
  };
  const exchange = exchangeOf({ request: null, response: null, protocol: 'raw', raw });
  const redacted = createRedactor({ key: Buffer.alloc(32, 7) }).redact(exchange);
  return marked(Buffer.from(rawIn(redacted.exchange)?.requestBytes ?? []).toString(), redacted.entries);
}

it.each([
  'AUTH <>\r\n',
  'AUTH bob <>\r\nPING\r\n',
  'HELLO 3 AUTH bob <> SETNAME me\r\n',
  '*2\r\n$4\r\nAUTH\r\n$16\r\n<>\r\n*1\r\n$4\r\nPING\r\n',
  '*3\r\n$4\r\nauth\r\n$3\r\nbob\r\n$16\r\n<>\r\n',
  '*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$3\r\nbob\r\n$16\r\n<>\r\n',
  'CONFIG SET requirepass <>\r\n',
  'USER bob\r\nPASS <>\r\nPWD\r\n',
  'a1 LOGIN bob <>\r\na2 SELECT INBOX\r\n',
  'a1 LOGIN "bob b" "<>"\r\n',
  'EHLO me\r\nAUTH PLAIN <>\r\nMAIL FROM:<a@b.test>\r\n',
  'EHLO me\r\nAUTH LOGIN\r\n<>\r\n<>\r\nMAIL FROM:<a@b.test>\r\n',
  'a1 AUTHENTICATE PLAIN\r\n<>\r\na2 SELECT INBOX\r\n',
  'NICK bob\r\nPRIVMSG NickServ :IDENTIFY <>\r\n',
])('lose their password: %j', (template) => {
  expect(sent(template.replaceAll('<>', secret))).toBe(template);
});

it.each([
  'AUTH TLS\r\nPBSZ 0\r\n',
  'EHLO me\r\nSTARTTLS\r\n',
  'GET auth1\r\n',
  'a1 NOOP\r\na2 LOGOUT\r\n',
  'PASSED 17\r\n',
])('lose nothing else: %j', (text) => {
  expect(sent(text)).toBe(text);
});
