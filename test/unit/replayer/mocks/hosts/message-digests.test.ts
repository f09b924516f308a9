/** What SQS says of messages: the MD5 of those that are sent now, and of those that the answer gives. */
import { createHash } from 'node:crypto';
import { saysMessageDigests, withMessageDigests } from '../../../../../replayer/mocks/hosts/http/message-digests';
import type { HttpRequest, HttpResponse } from '../../../../../tape/model/http/http';
import { httpIn } from '../../../../support/contents';
import { calls } from '../../../../support/mocks';

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

function exchange(sent: string, answered: string, type = 'application/x-amz-json-1.0') {
  const { request, response } = httpIn(
    calls({
      method: 'POST',
      requestHeaders: [['Content-Type', sent.startsWith('{') ? type : 'application/x-www-form-urlencoded']],
      requestBody: sent,
      responseHeaders: [['Content-Type', type]],
      responseBody: answered,
    })[0]?.exchange,
  );
  return { request: request as HttpRequest, response: response as HttpResponse };
}

function fitted(sent: string, answered: string, type?: string): string {
  const { request, response } = exchange(sent, answered, type);
  expect(saysMessageDigests(response)).toBe(true);
  return Buffer.from(withMessageDigests(response, request).body.bytes).toString();
}

const json = (value: unknown) => JSON.stringify(value);

const attributes = {
  n: { DataType: 'Number', StringValue: '7' },
  a: { DataType: 'String', StringValue: 'é' },
  b: { DataType: 'Binary', BinaryValue: 'AQI=' },
};

it('are of the message that is sent now', () => {
  const answered = json({ MessageId: 'm', MD5OfMessageBody: md5('{"id":"recorded"}') });
  expect(JSON.parse(fitted(json({ MessageBody: '{"id":"live"}' }), answered))).toEqual({
    MessageId: 'm',
    MD5OfMessageBody: md5('{"id":"live"}'),
  });
});

it('are of each message of a batch, by its id', () => {
  const taken = (id: string, digest: string) => ({ Id: id, MessageId: 'm', MD5OfMessageBody: digest });
  const answered = json({ Successful: [taken('b', 'x'), taken('a', 'y'), taken('c', 'z')], Failed: [] });
  const sent = json({
    Entries: [
      { Id: 'a', MessageBody: '1' },
      { Id: 'b', MessageBody: '2' },
    ],
  });
  expect(JSON.parse(fitted(sent, answered))).toEqual({
    Successful: [taken('b', md5('2')), taken('a', md5('1')), taken('c', 'z')],
    Failed: [],
  });
});

it('are of the messages that are given', () => {
  const answered = json({
    Messages: [{ MessageId: 'm', Body: 'live', MD5OfBody: md5('recorded') }, { MD5OfBody: 'x' }],
  });
  expect(JSON.parse(fitted('{}', answered))).toEqual({
    Messages: [{ MessageId: 'm', Body: 'live', MD5OfBody: md5('live') }, { MD5OfBody: 'x' }],
  });
});

/** Of `attributes`, by hand: each part behind its length. */
const ofAttributes = (() => {
  const part = (text: string | Buffer) => {
    const bytes = Buffer.from(text as string);
    return Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  };
  const of = (name: string, type: string, kind: number, value: string | Buffer) =>
    Buffer.concat([part(name), part(type), Buffer.from([kind]), part(value)]);
  const all = [of('a', 'String', 1, 'é'), of('b', 'Binary', 2, Buffer.from([1, 2])), of('n', 'Number', 1, '7')];
  return createHash('md5').update(Buffer.concat(all)).digest('hex');
})();

it('are of attributes, in the order of their names', () => {
  const sent = json({ MessageBody: 'x', MessageAttributes: attributes });
  const answered = json({ MD5OfMessageBody: 'x', MD5OfMessageAttributes: 'y' });
  const fitting = { MD5OfMessageBody: md5('x'), MD5OfMessageAttributes: ofAttributes };
  expect(JSON.parse(fitted(sent, answered))).toEqual(fitting);
});

it('stay where nothing is known of the message, and where they are right', () => {
  const { request, response } = exchange(json({ MessageBody: 'x' }), json({ MD5OfMessageBody: md5('x') }));
  expect(withMessageDigests(response, request)).toBe(response);
  const answered = json({ MD5OfMessageBody: 'as recorded', MD5OfMessageAttributes: 'too' });
  expect(fitted('not JSON', answered)).toBe(answered);
});

it('are right in XML as well', () => {
  const xml = (digest: string) =>
    `<SendMessageResponse><SendMessageResult><MessageId>m</MessageId><MD5OfMessageBody>${digest}</MD5OfMessageBody></SendMessageResult></SendMessageResponse>`;
  expect(fitted('Action=SendMessage&MessageBody=a%26b+c', xml('x'), 'text/xml')).toBe(xml(md5('a&b c')));
  const given = (digest: string) =>
    `<ReceiveMessageResult><Message><MD5OfBody>${digest}</MD5OfBody><Body>a&amp;b &#233;</Body></Message></ReceiveMessageResult>`;
  expect(fitted('Action=ReceiveMessage', given('x'), 'text/xml')).toBe(given(md5('a&b é')));
  const batch = (digest: string) =>
    `<SendMessageBatchResultEntry><Id>e1</Id><MD5OfMessageBody>${digest}</MD5OfMessageBody></SendMessageBatchResultEntry>`;
  const sent = 'SendMessageBatchRequestEntry.1.Id=e1&SendMessageBatchRequestEntry.1.MessageBody=hi';
  expect(fitted(sent, batch('x'), 'text/xml')).toBe(batch(md5('hi')));
});

describe('attributes in XML', () => {
  const inForm = (under: string) =>
    Object.entries(attributes)
      .map(([name, { DataType, ...value }], i) => {
        const [[kind = '', text = ''] = []] = Object.entries(value);
        const at = `${under}MessageAttribute.${i + 1}`;
        return `&${at}.Name=${name}&${at}.Value.DataType=${DataType}&${at}.Value.${kind}=${encodeURIComponent(text)}`;
      })
      .join('');
  const digests = (attribute: string) =>
    `<MD5OfMessageAttributes>${attribute}</MD5OfMessageAttributes><MD5OfMessageSystemAttributes>kept</MD5OfMessageSystemAttributes>`;

  it('are those that were sent, also in a batch', () => {
    const result = (digest: string) => `<SendMessageResult>${digests(digest)}</SendMessageResult>`;
    expect(fitted(`Action=SendMessage${inForm('')}`, result('x'), 'text/xml')).toBe(result(ofAttributes));
    expect(fitted('Action=SendMessage', result('x'), 'text/xml')).toBe(result('x'));
    const entry = 'SendMessageBatchRequestEntry.2.';
    const batch = (digest: string) =>
      `<SendMessageBatchResultEntry><Id>e</Id>${digests(digest)}</SendMessageBatchResultEntry>`;
    expect(fitted(`${entry}Id=e${inForm(entry)}`, batch('x'), 'text/xml')).toBe(batch(ofAttributes));
  });

  it('are those that are given', () => {
    const attribute = ([name, { DataType, ...value }]: [string, { DataType: string }]) => {
      const [[kind = '', text = ''] = []] = Object.entries(value);
      return `<MessageAttribute><Name>${name}</Name><Value><DataType>${DataType}</DataType><${kind}>${text}</${kind}></Value></MessageAttribute>`;
    };
    const message = (digest: string) =>
      `<Message><Body>b</Body>${digests(digest)}${Object.entries(attributes).map(attribute).join('')}</Message>`;
    expect(fitted('Action=ReceiveMessage', message('x'), 'text/xml')).toBe(message(ofAttributes));
  });
});
