/** How clients of protocols log in that are kept as they are, under --keep-raw. */
import { createRedactor } from '../../../../tape/redact/redactor';
import { rawIn } from '../../../support/contents';
import { marked } from '../../../support/redacting';
import { exchangeOf } from '../../../support/tapes';

const secret = 'q7W8x9Yz11aaBB22';

function sent(text: string | Buffer): string {
  const requestBytes = Buffer.from(text as string);
  const raw = { protocol: null, requestSize: requestBytes.length, responseSize: 0, requestBytes, responseBytes: null };
  const exchange = exchangeOf({ request: null, response: null, protocol: 'raw', raw });
  const redacted = createRedactor({ key: Buffer.alloc(32, 7) }).redact(exchange);
  return marked(Buffer.from(rawIn(redacted.exchange)?.requestBytes ?? []).toString('latin1'), redacted.entries);
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

it.each<[string, Buffer]>([
  ['a character that is cut in two', Buffer.from([0xc3])],
  ['a value that is no text', Buffer.from('*3\r\n$3\r\nSET\r\n$1\r\na\r\n$4\r\n\0\xff\xfe\0\r\n', 'latin1')],
])('lose their password before %s', (_, end) => {
  const login = '*2\r\n$4\r\nAUTH\r\n$16\r\n<>\r\n';
  const stream = (value: string) => Buffer.concat([Buffer.from(login.replace('<>', value)), end]);
  expect(sent(stream(secret))).toBe(stream('<>').toString('latin1'));
});

it('lose keys of known formats among bytes that are no text, and keep their length', () => {
  const key = `ghp_${'a1B2'.repeat(9)}`;
  const stream = Buffer.concat([Buffer.from([0, 0, 0, 44, 0xff]), Buffer.from(` ${key} `), Buffer.from([0])]);
  expect(sent(stream)).toBe('\0\0\0,\xff <> \0');
});
