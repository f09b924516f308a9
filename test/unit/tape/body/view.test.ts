import { gzipSync } from 'node:zlib';
import { viewBody } from '../../../../tape/body/view';

const view = (type: string | null, data: string | Uint8Array, ...codings: string[]) => {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  return viewBody(type === null ? [] : [['Content-Type', type]], { bytes, codings, wireSize: bytes.length });
};

it.each([
  ['application/json', '{"a":1}', { kind: 'json', value: { a: 1 } }],
  ['application/problem+json; charset=utf-8', '[1]', { kind: 'json', value: [1] }],
  ['application/json', '\ufeff{"a":1}', { kind: 'json', value: { a: 1 } }],
  [null, ' {"a":1}', { kind: 'json', value: { a: 1 } }],
  ['application/octet-stream', '{"a":1}', { kind: 'json', value: { a: 1 } }],
  ['application/json', '{"a":', { kind: 'text', text: '{"a":' }],
  ['text/plain', '{"a":1}', { kind: 'text', text: '{"a":1}' }],
  ['text/html', '<p>é</p>', { kind: 'text', text: '<p>é</p>' }],
  [null, 'hello', { kind: 'text', text: 'hello' }],
  [null, '', { kind: 'empty' }],
  [
    'application/x-www-form-urlencoded',
    'a=1&b=x+y%21&a=%C3%A9&c',
    {
      kind: 'form',
      fields: [
        ['a', '1'],
        ['b', 'x y!'],
        ['a', 'é'],
        ['c', ''],
      ],
    },
  ],
  [
    'application/x-www-form-urlencoded',
    'a=%zz&b=%ff',
    {
      kind: 'form',
      fields: [
        ['a', '%zz'],
        ['b', '%FF'],
      ],
    },
  ],
])('reads %s %j', (type, data, expected) => {
  expect(view(type, data)).toMatchObject(expected);
});

it('takes text in another charset as text, and bytes that are no text as binary', () => {
  expect(view('text/plain; charset=ISO-8859-1', Buffer.from([0xe9]))).toMatchObject({ kind: 'text', text: 'é' });
  expect(view('text/plain', Buffer.from([0xe9, 0x41]))).toMatchObject({ kind: 'binary' });
  expect(view('text/plain; charset="no-such"', 'abc')).toMatchObject({ kind: 'text', text: 'abc' });
  expect(view(null, Buffer.from([0, 1, 2, 3]))).toMatchObject({ kind: 'binary' });
});

it('sees through content codings', () => {
  expect(view('application/json', gzipSync('{"a":1}'), 'gzip')).toMatchObject({
    kind: 'json',
    value: { a: 1 },
    bytes: Buffer.from('{"a":1}'),
  });
});

describe('multipart', () => {
  const body = [
    'preamble',
    '--XX',
    'Content-Disposition: form-data; name="who"',
    '',
    'José',
    '--XX',
    'content-disposition: form-data; name="file"; filename="a\\"b.bin"',
    'Content-Type: application/octet-stream',
    '',
    'line 1\r\n--XXX is not a delimiter at a line start? it is',
    '--XX--',
    '',
  ].join('\r\n');

  it('gives the parts with names, headers and bytes', () => {
    const seen = view('multipart/form-data; boundary=XX', body.replace('--XXX', ' --XX'));
    expect(seen).toMatchObject({
      kind: 'multipart',
      parts: [
        { name: 'who', filename: null },
        { name: 'file', filename: 'a"b.bin' },
      ],
    });
    if (seen.kind !== 'multipart') return;
    expect(Buffer.from(seen.parts[0]?.bytes ?? []).toString()).toBe('José');
    expect(Buffer.from(seen.parts[1]?.bytes ?? []).toString()).toMatch(/^line 1\r\n --XX is/);
    for (const part of seen.parts) {
      expect(seen.bytes.subarray(part.offset, part.offset + part.bytes.length)).toEqual(part.bytes);
    }
  });

  it('never throws, wherever the body is cut', () => {
    for (let length = 0; length <= body.length; length++) {
      expect(() => view('multipart/form-data; boundary="XX"', body.slice(0, length))).not.toThrow();
    }
  });

  it('is text where the boundary does not occur', () => {
    expect(view('multipart/form-data; boundary=YY', body)).toMatchObject({ kind: 'text' });
  });
});
