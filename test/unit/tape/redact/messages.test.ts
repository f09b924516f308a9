/** Secrets in the messages of a stream: found as in bodies, by rules for bodies too, and wherever else they stand. */
import type { Exchange } from '../../../../tape/model/exchange';
import type { Message } from '../../../../tape/model/message';
import { createRedactor, type RedactorOptions } from '../../../../tape/redact/redactor';
import { parseRedactionRules } from '../../../../tape/redact/rules-file';
import { type ExchangeParts, exchangeOf, messageOf, requestOf, responseOf } from '../../../support/tapes';

const key = Buffer.alloc(32, 7);
const secret = 'hunter2-is-9-long';

function redactorWith(rules = '', over: Partial<RedactorOptions> = {}) {
  return createRedactor({ key, rules: parseRedactionRules(rules, 'rules.yaml'), ...over });
}

function redacted(messages: readonly Message[], rules = '', over: ExchangeParts = {}) {
  const { exchange, entries } = redactorWith(rules).redact(exchangeOf({ protocol: 'websocket', messages, ...over }));
  return { exchange, paths: entries.map(({ in: side, path }) => `${side} ${path}`), all: textOf(exchange) };
}

/** Everything an exchange says. */
function textOf({ content, messages }: Exchange): string {
  return (
    JSON.stringify(content) +
    messages.map(({ body, facts }) => JSON.stringify(facts) + Buffer.from(body.bytes)).join('\n')
  );
}

const text = (value: string, over: Partial<Message> = {}) => messageOf(value, over);

describe('a message', () => {
  it.each<[string, Message, string]>([
    ['JSON', text(`{"user":{"password":"${secret}"}}`), 'request message[1].body.user.password'],
    ['JSON of the server', text(`{"token":"${secret}"}`, { from: 'server' }), 'response message[1].body.token'],
    ['text', text(`login password=${secret}`), 'request message[1].body'],
    ['text in a binary frame', text(`{"token":"${secret}"}`, { kind: 'binary' }), 'request message[1].body.token'],
    [
      'a reason',
      text('', { kind: 'close', facts: { code: 4001, reason: `bad Bearer ${secret}` } }),
      'request message[1].reason',
    ],
    ['the id of an event', text('x', { kind: 'event', facts: { id: `Bearer ${secret}` } }), 'request message[1].id'],
  ])('loses its secrets: %s', (_, message, place) => {
    const { all, paths, exchange } = redacted([text('nothing'), message]);
    expect(all).not.toContain(secret);
    expect(paths).toEqual([place]);
    expect(exchange.messages[0]).toEqual(text('nothing'));
    expect(exchange.messages[1]?.body.wireSize).toBe(message.body.wireSize);
  });

  it('without a secret stays the same', () => {
    const exchange = exchangeOf({
      protocol: 'websocket',
      messages: [text('{"a":1}'), text('b', { facts: { id: '7' } })],
    });
    expect(redactorWith().redact(exchange).exchange).toBe(exchange);
  });

  it('that is binary is left alone', () => {
    const bytes = Buffer.concat([Buffer.from(`password=${secret}`), Buffer.of(0, 255)]);
    const { exchange } = redacted([
      messageOf('', { kind: 'binary', body: { bytes, codings: [], wireSize: bytes.length } }),
    ]);
    expect(exchange.messages[0]?.body.bytes).toBe(bytes);
  });
});

describe('rules', () => {
  const ssn = '123-45-6789';
  const message = text(`{"user":{"ssn":"${ssn}"}}`);

  it.each([
    ['body.user.ssn', 'request message[0].body.user.ssn'],
    ['body.**.ssn', 'request message[0].body.user.ssn'],
    ['message[*].body.user.ssn', 'request message[0].body.user.ssn'],
    ['message[0].body.user', 'request message[0].body.user.ssn'],
    ['message[*].body.**.ssn', 'request message[0].body.user.ssn'],
  ])('%s reaches messages', (path, place) => {
    const { all, paths } = redacted([message], `- { path: '${path}', name: ssn }`);
    expect(all).not.toContain(ssn);
    expect(paths).toEqual([place]);
  });

  it.each(['message[1].body.user.ssn', 'message[*].body.ssn', 'message[*].ssn'])('%s is another place', (path) => {
    expect(redacted([message], `- { path: '${path}', name: ssn }`).paths).toEqual([]);
  });

  it('for messages do not reach bodies', () => {
    const request = requestOf({ headers: [['Content-Type', 'application/json']], body: message.body });
    const redactor = redactorWith("- { path: 'message[*].body.user.ssn', name: ssn }");
    expect(redactor.redactRequest(request).entries).toEqual([]);
    expect(redactor.unusedRules()).toEqual(['ssn']);
  });

  it('take a fact by its name, and what a pattern finds', () => {
    const event = text('by EMP-123456', { kind: 'event', facts: { id: 'EMP-1', event: 'EMP-123456' } });
    const rules = "- { path: 'message[*].id', name: ids }\n- { pattern: 'EMP-\\d{6}', name: employee }";
    const { all, paths } = redacted([event], rules);
    expect(all).not.toMatch(/EMP-1/);
    expect(paths).toEqual(['request message[0].body', 'request message[0].id', 'request message[0].event']);
  });

  it('reach JSON that is cut by the name their path ends in', () => {
    const cut = text(`{"user":{"pin_of":"${ssn}`);
    expect(redacted([cut], "- { path: 'message[*].body.user.pin_of', name: pin }").all).not.toContain(ssn);
  });
});

describe('a secret', () => {
  const login = text(`{"password":"${secret}"}`);

  it('that is found in one message is taken in all, and in the handshake', () => {
    const request = requestOf({ target: `/chat?x=${secret}` });
    const { all } = redacted([text(`you said ${secret}`), login], '', {});
    expect(all).not.toContain(secret);
    const exchange = exchangeOf({ protocol: 'websocket', messages: [login] });
    const content = { ...(exchange.content as object), request, response: responseOf({ status: 101 }) };
    expect(textOf(redactorWith().redact({ ...exchange, content } as Exchange).exchange)).not.toContain(secret);
  });

  it('of an exchange that grows stays taken each time it is written, short ones too', () => {
    const short = 'abcd1234';
    const redactor = redactorWith('', { remember: true });
    const stage = (messages: readonly Message[], messagesBefore: number, outcome: 'open' | 'response') => {
      const exchange = exchangeOf({ protocol: 'websocket', messages, messagesBefore, outcome });
      const request = requestOf({ target: `/chat?x=${short}` });
      const content = { ...(exchange.content as object), request };
      return textOf(redactor.redact({ ...exchange, content } as Exchange).exchange);
    };
    expect(stage([text('hi')], 0, 'open')).toContain(short); // nobody could know yet
    expect(stage([text(`{"password":"${short}"}`)], 1, 'open')).not.toContain(short);
    expect(stage([text(`again ${short}`)], 2, 'open')).not.toContain(short);
    expect(stage([], 3, 'response')).not.toContain(short);
    expect(stage([], 0, 'response')).toContain(short); // another exchange, in which it is a word like others
  });

  it('of a recording is taken in later messages, and the other way round', () => {
    const token = 'kq83hd72ms91xz';
    const redactor = redactorWith('', { remember: true });
    redactor.redact(exchangeOf({ request: requestOf({ headers: [['Authorization', `Bearer ${token}`]] }) }));
    const growing = exchangeOf({ protocol: 'websocket', number: 2, messages: [text(`hello ${token}`)] });
    expect(textOf(redactor.redact(growing).exchange)).not.toContain(token);
    redactor.redact(exchangeOf({ protocol: 'websocket', number: 3, messages: [text('{"token":"zz91mx37dk20qp"}')] }));
    const later = exchangeOf({ number: 4, request: requestOf({ target: '/a/zz91mx37dk20qp' }) });
    expect(JSON.stringify(redactor.redact(later).exchange.content)).not.toContain('zz91mx37dk20qp');
  });
});

it('redacts an event stream as it redacts the messages made of it', () => {
  const stream = `: by ${secret}\nid: 1\ndata: {"a":\ndata: [{"password":"${secret}"}]}\n\ndata:x=${secret}\r\n\r\n`;
  const { response, entries } = redactorWith().redactResponse(
    responseOf({
      headers: [['Content-Type', 'text/event-stream']],
      body: { bytes: Buffer.from(stream), codings: [], wireSize: stream.length },
    }),
  );
  const after = Buffer.from(response.body.bytes).toString();
  const placeholder = entries[0]?.placeholder ?? '';
  expect(after).toBe(stream.replaceAll(secret, placeholder));
  expect(entries.map(({ path }) => path)).toContain('body.a[0].password');
});
