import { recognise } from '../../../../../recorder/parse/http1/boundary';

const requests: readonly (readonly [string, 'yes' | 'no' | 'unsure'])[] = [
  ['GET / HTTP/1.1\r\n', 'yes'],
  ['\r\nGET / HTTP/1.0\n', 'yes'],
  ['M-SEARCH * HTTP/1.1\r\nHost: x', 'yes'],
  ['POST  /two-spaces  HTTP/1.1\r\n', 'yes'],
  ['G', 'unsure'],
  ['GET', 'unsure'],
  ['GET /', 'unsure'],
  ['GET / HTTP/1.1\r', 'unsure'],
  ['', 'unsure'],
  ['\r\n', 'unsure'],
  ['\r\n\r\n\r\n', 'no'],
  ['GETX', 'no'],
  ['get / HTTP/1.1\r\n', 'no'],
  ['FETCH / HTTP/1.1\r\n', 'no'],
  ['GET / HTTP/2.0\r\n', 'no'],
  ['GET key\r\n', 'no'],
  ['GET /a b HTTP/1.1\r\n', 'no'],
  ['GET /\x00', 'no'],
  ['PRI * HTTP/2.0\r\n', 'no'],
  [`GET /${'x'.repeat(20_000)}`, 'no'],
];

const responses: readonly (readonly [string, 'yes' | 'no' | 'unsure'])[] = [
  ['HTTP/1.1 200 OK\r\n', 'yes'],
  ['HTTP/1.0 404\r\n\r\n', 'yes'],
  ['\r\nHTTP/1.1 200 ', 'yes'],
  ['H', 'unsure'],
  ['HTTP/1.', 'unsure'],
  ['HTTP/1.1 200', 'unsure'],
  ['HTTP/1.1 2', 'unsure'],
  ['HTTP/2 200 OK\r\n', 'no'],
  ['HTTP/1.1 0', 'no'],
  ['HTTP/1.1 20x', 'no'],
  ['HTTP/1.1 2000', 'no'],
  ['ICY 200 OK', 'no'],
  ['GET', 'no'],
];

it.each(requests)('asked for a request, says to %j: %s', (text, verdict) => {
  expect(recognise('request', Buffer.from(text, 'latin1'))).toBe(verdict);
});

it.each(responses)('asked for a response, says to %j: %s', (text, verdict) => {
  expect(recognise('response', Buffer.from(text, 'latin1'))).toBe(verdict);
});

it('never turns a yes into a no when more comes, nor the reverse', () => {
  for (const [text, verdict] of requests) {
    const verdicts = Array.from(text, (_, i) => recognise('request', Buffer.from(text.slice(0, i + 1), 'latin1')));
    expect(verdicts.filter((one) => one !== 'unsure' && one !== verdict)).toEqual([]);
  }
});
