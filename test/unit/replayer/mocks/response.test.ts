import { gzipSync } from 'node:zlib';
import { acceptsCodings, prepareResponse } from '../../../../replayer/mocks/response';
import type { HttpResponse } from '../../../../tape/model/http/http';
import { httpIn } from '../../../support/contents';
import { type CallSketch, calls } from '../../../support/mocks';

function response(sketch: CallSketch): HttpResponse {
  const found = httpIn(calls(sketch)[0]?.exchange).response;
  if (found == null) throw new Error('the sketch has a response');
  return found;
}

const headersOf = (sketch: CallSketch, method = 'GET') => {
  const { headers, framing } = prepareResponse(response(sketch), { method }).coded;
  return [...headers, ...framing];
};

it.each<[string, CallSketch, readonly string[]]>([
  [
    'drops hop-by-hop fields and those Connection names',
    {
      responseHeaders: [
        ['Connection', 'close, X-Hop'],
        ['x-hop', '1'],
        ['Keep-Alive', 'timeout=5'],
        ['Content-Length', '0'],
      ],
    },
    ['Content-Length', '0'],
  ],
  [
    'recomputes the length where it stands',
    {
      responseHeaders: [
        ['content-length', '99'],
        ['A', 'b'],
      ],
      responseBody: 'four',
    },
    ['content-length', '4', 'A', 'b'],
  ],
  [
    'says a doubled length once',
    {
      responseHeaders: [
        ['Content-Length', '4'],
        ['Content-Length', '4'],
      ],
      responseBody: 'four',
    },
    ['Content-Length', '4'],
  ],
  [
    'leaves a chunked body chunked',
    {
      responseHeaders: [
        ['Transfer-Encoding', 'chunked'],
        ['A', 'b'],
      ],
      responseBody: 'four',
    },
    ['A', 'b'],
  ],
  [
    'gives a length to a body that ended with its connection',
    { responseHeaders: [['A', 'b']] },
    ['A', 'b', 'Content-Length', '0'],
  ],
  [
    'announces trailers and leaves the length out',
    { responseHeaders: [['Content-Length', '4']], responseBody: 'four', responseTrailers: [['X-Sum', '1']] },
    ['Trailer', 'X-Sum'],
  ],
  [
    'drops names that are no token and makes control bytes spaces',
    {
      responseHeaders: [
        ['Bad Name', '1'],
        ['A', 'b\u0000c\u00e9'],
        ['Content-Length', '0'],
      ],
    },
    ['A', 'b c\u00e9', 'Content-Length', '0'],
  ],
])('%s', (_, sketch, headers) => {
  expect(headersOf(sketch)).toEqual(headers);
});

it('drops the coding of a body that redaction left decoded', () => {
  const found = response({
    responseHeaders: [
      ['Content-Encoding', 'gzip'],
      ['Content-Length', '9'],
    ],
    responseBody: 'open',
  });
  const decoded = { ...found, body: { ...found.body, codings: [] } };
  expect(prepareResponse(decoded, { method: 'GET' }).coded.headers).toEqual(['Content-Length', '4']);
});

it('keeps what HEAD describes and sends no body', () => {
  const described = {
    responseHeaders: [
      ['Content-Encoding', 'gzip'],
      ['Content-Length', '99'],
    ],
    responseBody: 'x',
  } as const;
  const prepared = prepareResponse(response(described), { method: 'HEAD' });
  expect([prepared.coded.headers, prepared.coded.body.length, prepared.identity()]).toEqual([
    ['Content-Encoding', 'gzip', 'Content-Length', '99'],
    0,
    prepared.coded,
  ]);
});

it('decodes once for clients without the coding, and never for the others', () => {
  const prepared = prepareResponse(
    response({ responseHeaders: [['Content-Encoding', 'gzip']], responseBody: gzipSync('open') }),
    { method: 'GET' },
  );
  expect(prepared.identity().body.toString()).toBe('open');
  expect(prepared.identity()).toBe(prepared.identity());
});

it.each([
  [undefined, ['gzip'], false],
  ['gzip, br', ['gzip'], true],
  ['GZIP;q=0.5', ['gzip'], true],
  ['gzip;q=0', ['gzip'], false],
  ['*', ['br'], true],
  ['*;q=0, br', ['br'], true],
  ['gzip', ['gzip', 'br'], false],
  [undefined, [], true],
])('Accept-Encoding %s takes %j: %s', (accept, codings, takes) => {
  expect(acceptsCodings(accept, codings)).toBe(takes);
});

it('serves a body as it was recorded where its coding cannot be undone: a part would pass for the whole', () => {
  const whole = response({ responseBody: 'x' });
  const cut = gzipSync('a long enough text').subarray(0, 20);
  const body = { bytes: cut, codings: ['gzip'], wireSize: cut.length };
  const prepared = prepareResponse({ ...whole, body, headers: [['Content-Encoding', 'gzip']] }, { method: 'GET' });
  expect(prepared.identity()).toBe(prepared.coded);
  expect(prepared.identity()).toMatchObject({
    headers: ['Content-Encoding', 'gzip'],
    framing: ['Content-Length', '20'],
  });
});

describe('digests of the body', () => {
  const headers = [
    ['Content-MD5', 'XUFAKrxLKna5cZ2REBfFkg=='],
    ['ETag', '"5d41402abc4b2a76b9719d911017c592"'],
  ] as const;
  const sketch = { responseHeaders: headers, responseBody: 'hello' };

  it('stay where the body is the recorded one, right or wrong', () => {
    const wrong = response({ ...sketch, responseBody: 'another' });
    expect(prepareResponse(wrong, { method: 'GET' }).coded.headers).toEqual([...headers.flat(), 'Content-Length', '7']);
  });

  it('are made anew for another body, and left out where nobody can', () => {
    const other = response({
      responseHeaders: [
        ['Content-MD5', 'AAAA'],
        ['Content-Digest', 'new=:AA==:'],
        ['ETag', '"x"'],
      ],
      responseBody: 'hello',
    });
    expect(prepareResponse(other, { method: 'GET', isOther: true }).coded.headers).toEqual([
      ...['Content-MD5', 'XUFAKrxLKna5cZ2REBfFkg=='],
      ...['ETag', '"x"'],
      ...['Content-Length', '5'],
    ]);
  });

  it('stay beside a part of a body, and beside none', () => {
    const part = response({ responseHeaders: [['Content-MD5', 'AAAA']], responseBody: 'hello', status: 206 });
    expect(prepareResponse(part, { method: 'GET', isOther: true }).coded.headers).toContain('AAAA');
    const none = response({ responseHeaders: [['Content-MD5', 'AAAA']] });
    expect(prepareResponse(none, { method: 'HEAD', isOther: true }).coded.headers).toContain('AAAA');
  });

  it('are of what is sent to a client that takes no coding', () => {
    const coded = response({
      responseHeaders: [
        ['Content-Encoding', 'gzip'],
        ['Content-MD5', 'AAAA'],
      ],
      responseBody: gzipSync('hello'),
    });
    const prepared = prepareResponse(coded, { method: 'GET' });
    expect(prepared.coded.headers).toContain('AAAA');
    expect(prepared.identity().headers).toContain('XUFAKrxLKna5cZ2REBfFkg==');
  });
});
