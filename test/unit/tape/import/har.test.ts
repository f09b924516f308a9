/** What a HAR says, and what it leaves out, as exchanges. The real files of several tools are in test/contract/import. */
import { har } from '../../../../tape/import/har';
import { httpIn } from '../../../support/contents';
import { decoded, fileOf, imported } from '../../../support/importing';

interface EntrySketch {
  readonly request?: object;
  readonly response?: object;
  readonly [name: string]: unknown;
}

function entryOf({ request, response, ...rest }: EntrySketch = {}) {
  return {
    startedDateTime: '2026-11-20T10:00:00.123456Z',
    time: 30,
    timings: { blocked: 5, dns: 2, connect: 3, ssl: 1, send: 4, wait: 10, receive: 6 },
    request: { method: 'GET', url: 'https://shop.test/orders?x=1', httpVersion: 'HTTP/1.1', headers: [], ...request },
    response: { status: 200, statusText: 'OK', httpVersion: 'HTTP/1.1', headers: [], content: {}, ...response },
    ...rest,
  };
}

const read = (...entries: readonly EntrySketch[]) =>
  imported(har, fileOf('shop.har', { log: { version: '1.2', entries: entries.map(entryOf) } }));
const first = (entry: EntrySketch) => {
  const { exchanges, notes } = read(entry);
  const [exchange] = exchanges;
  return { exchange, notes, ...httpIn(exchange) };
};
const field = (name: string, value: string) => ({ name, value });

describe('times', () => {
  it('count to the microsecond, and back from the end', () => {
    const { exchange, request, response } = first({});
    const start = Date.UTC(2026, 10, 20, 10) * 1000 + 123_456;
    expect(exchange).toMatchObject({ startedAtUs: start, durationUs: 30_000 });
    expect([request?.startedAtUs, request?.endedAtUs]).toEqual([start, start + 14_000]);
    expect([response?.startedAtUs, response?.endedAtUs]).toEqual([start + 24_000, start + 30_000]);
  });

  it.each([
    ['2026-11-20T10:00:00Z', 0],
    ['2026-11-20T12:00:00.5+02:00', 500_000],
    ['2026-11-20T12:00:00.067544+0200', 67_544],
  ])('read %s', (startedDateTime, us) => {
    expect(first({ startedDateTime }).exchange?.startedAtUs).toBe(Date.UTC(2026, 10, 20, 10) * 1000 + us);
  });

  it('put the exchanges in order, whatever the order of the file', () => {
    const times = ['2026-11-20T10:00:02Z', '2026-11-20T10:00:01Z'];
    const { exchanges } = read(...times.map((startedDateTime) => ({ startedDateTime })));
    expect(exchanges.map(({ number, startedAtUs }) => [number, startedAtUs % 60_000_000])).toEqual([
      [1, 1_000_000],
      [2, 2_000_000],
    ]);
  });
});

describe('requests', () => {
  it('have the path as their target, without the fragment, and the host that was asked for', () => {
    const url = 'https://ada:secret@shop.test:8443/a b?q=%20#top';
    const { request, exchange } = first({ request: { url } });
    expect(request).toMatchObject({ target: '/a%20b?q=%20', headers: [['Host', 'shop.test:8443']] });
    expect(exchange?.connection).toMatchObject({ direction: 'inbound', tls: { library: 'unknown library' } });
  });

  it.each(['h2', 'HTTP/2', 'http/2.0'])('of %s have no pseudo-headers among their fields', (httpVersion) => {
    const headers = [field(':authority', 'shop.test'), field(':scheme', 'https'), field('accept', '*/*')];
    const { request, notes } = first({ request: { httpVersion, headers } });
    expect(request).toMatchObject({
      version: '2',
      authority: 'shop.test',
      scheme: 'https',
      headers: [['accept', '*/*']],
    });
    expect(notes).toEqual([]);
  });

  it.each(['h3', 'HTTP/3'])('of %s are kept as HTTP/2, and it is said', (httpVersion) => {
    const { request, notes } = first({ request: { httpVersion } });
    expect(request).toMatchObject({ version: '2', authority: 'shop.test' });
    expect(notes).toEqual(['1 of HTTP/3, kept as HTTP/2, whose messages have the same parts']);
  });

  it('have the fields of a form as their body where the text is not there', () => {
    const postData = { mimeType: 'application/x-www-form-urlencoded', params: [field('a', '1 2'), field('b', 'ä')] };
    expect(decoded(first({ request: { method: 'POST', postData } }).request).toString()).toBe('a=1+2&b=%C3%A4');
  });

  it('have the parts of a form as their body', () => {
    const mimeType = 'multipart/form-data; boundary=XX';
    const params = [field('a', '1'), { name: 'f', value: 'x', fileName: 'a"b.txt', contentType: 'text/plain' }];
    const { request } = first({ request: { method: 'POST', postData: { mimeType, params } } });
    expect(decoded(request).toString()).toBe(
      [
        '--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n',
        '--XX\r\nContent-Disposition: form-data; name="f"; filename="a%22b.txt"\r\nContent-Type: text/plain\r\n\r\nx\r\n',
        '--XX--\r\n',
      ].join(''),
    );
  });

  it.each([
    ['bytes were counted and are not there', { bodySize: 12 }],
    [
      'a file was posted that is only named',
      { postData: { mimeType: 'multipart/form-data; boundary=X', params: [{ name: 'f', fileName: 'a.png' }] } },
    ],
  ])('are not complete where %s', (_, request) => {
    expect(first({ request: { method: 'POST', ...request } }).exchange?.problems).toEqual(['not-in-file']);
  });
});

describe('answers', () => {
  it('are decoded while their header still names the coding; the size on the wire is kept', () => {
    const headers = [field('Content-Encoding', 'gzip'), field('Content-Type', 'text/plain')];
    const { response } = first({
      response: { headers, bodySize: 20, content: { size: 5, text: 'hällo'.slice(0, 5) } },
    });
    expect(response?.body).toMatchObject({ codings: [], wireSize: 20 });
  });

  it('are coded where the tool kept the bytes as they were', () => {
    const gzipped = 'H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA==';
    const headers = [field('content-encoding', 'gzip')];
    const { response } = first({ response: { headers, content: { size: 25, encoding: 'base64', text: gzipped } } });
    expect(response?.body.codings).toEqual(['gzip']);
    expect(decoded(response).toString()).toBe('hello');
  });

  it.each([
    ['base64', { encoding: 'base64', text: 'AP8=', size: 2 }, [], '00ff'],
    ['UTF-8', { text: 'ä', size: 2 }, [], 'c3a4'],
    ['a byte each, by the size', { text: 'ä', size: 1 }, [], 'e4'],
    ['a byte each, by the charset', { text: 'ä' }, [field('Content-Type', 'text/plain; charset=iso-8859-1')], 'e4'],
  ])('have the bytes of %s', (_, content, headers, hex) => {
    const { response, exchange } = first({ response: { headers, content } });
    expect([decoded(response).toString('hex'), exchange?.problems]).toEqual([hex, []]);
  });

  it.each([
    ['have no body that was not kept', { content: { size: 900 } }, ['not-in-file'], 900],
    [
      'have no body that nothing is said of',
      { bodySize: -1, content: { comment: 'not included' } },
      ['not-in-file'],
      0,
    ],
    ['are cut where the text is shorter than its size', { content: { size: 900, text: 'abc' } }, ['truncated'], 3],
    ['are empty where the file says so', { content: { size: 0 } }, [], 0],
    ['are empty where the text is', { bodySize: -1, content: { text: '' } }, [], 0],
  ])('%s', (_, response, problems, wireSize) => {
    const { exchange, response: found } = first({ response });
    expect([exchange?.problems, found?.body.wireSize]).toEqual([problems, wireSize]);
  });

  it('that carry no body have none, though the browser had one', () => {
    const { response, exchange, notes } = first({ response: { status: 304, content: { size: 3, text: 'old' } } });
    expect([response?.body.bytes.length, response?.body.wireSize, exchange?.problems]).toEqual([0, 0, []]);
    expect(notes).toEqual(['1 answered without a body; the one in the file came from a cache and is left out']);
  });

  it.each([
    ['net::ERR_CONNECTION_REFUSED', 'refused'],
    ['net::ERR_CONNECTION_RESET', 'reset'],
    ['net::ERR_TIMED_OUT', 'timeout'],
    ['net::ERR_BLOCKED_BY_CLIENT', 'lost'],
  ])('that never came (%s) are %s', (_error, outcome) => {
    const { exchange, response } = first({ response: { status: 0, _error } });
    expect(exchange).toMatchObject({ outcome, problems: ['no-response'], durationUs: null });
    expect(response).toBeNull();
  });
});

describe('connections', () => {
  it('are shared by the entries that name one', () => {
    const { exchanges } = read({ connection: '7' }, { connection: '7' }, {}, {});
    expect(exchanges.map(({ connection, seq }) => [connection.key, seq])).toEqual([
      [1, 0],
      [1, 1],
      [2, 0],
      [3, 0],
    ]);
  });

  it.each([
    ['inbound', { local: '10.0.0.1:443', remote: null }],
    ['outbound', { local: null, remote: '10.0.0.1:443' }],
  ] as const)('told from the %s side have the address of the server at that end', (direction, ends) => {
    const file = fileOf('x.har', { log: { entries: [entryOf({ serverIPAddress: '10.0.0.1' })] } });
    expect(imported(har, file, direction).exchanges[0]?.connection).toMatchObject({
      direction,
      ...ends,
      process: null,
    });
  });

  it('have the address of IPv6 in brackets', () => {
    expect(first({ serverIPAddress: '::1' }).exchange?.connection.local).toBe('[::1]:443');
  });
});

it('leaves out what never was on a network', () => {
  const { exchanges, notes } = read({ request: { url: 'data:text/plain,x' } }, {});
  expect(exchanges).toHaveLength(1);
  expect(notes).toEqual(['1 left out: their addresses (data:, blob:, file: and the like) are not on a network']);
});

describe('files that are no HAR', () => {
  it.each([
    ['{"log":', 'it is not JSON'],
    ['{"log": {"entries": 1}}', 'a number where a list belongs'],
    ['{"logs": {}}', 'nothing where an object belongs'],
    ['{"log": {"entries": [{"request": {"url": "/a"}}]}}', 'text where an address with its scheme belongs'],
    [
      JSON.stringify({ log: { entries: [entryOf({ request: { headers: [['Content-Type']] } })] } }),
      'a list where an object belongs',
    ],
    [
      JSON.stringify({ log: { entries: [entryOf({ request: { headers: [{ value: 'x' }] } })] } }),
      'nothing where text belongs',
    ],
    [
      JSON.stringify({ log: { entries: [entryOf({ startedDateTime: 'today' })] } }),
      'text where a date and time of ISO 8601 belongs',
    ],
  ])('are refused: %s', (text, what) => {
    expect(() => imported(har, fileOf('x.har', text))).toThrow(
      expect.objectContaining({ code: 'IMPORT_UNREADABLE', seen: [expect.stringContaining(what)] }),
    );
  });

  it('are refused by the place', () => {
    const entries = [entryOf(), entryOf({ request: { headers: [{ name: 'a', value: {} }] } })];
    expect(() => imported(har, fileOf('x.har', { log: { entries } }))).toThrow(
      'Cannot import x.har: log.entries[1].request.headers[0].value as HAR',
    );
  });
});
