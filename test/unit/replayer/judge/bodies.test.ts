/** Bodies by their kind, and the words for each way of differing. */
import { createHash } from 'node:crypto';
import * as zlib from 'node:zlib';
import type { ExchangeSketch } from '../../../support/exchanges';
import { judgeOne, judgeRedacted, judgeRun, told } from '../../../support/judging';

function of(type: string, body: string | Uint8Array): ExchangeSketch {
  return { responseHeaders: type === '' ? [] : [['Content-Type', type]], responseBody: body };
}

const json = (text: string) => of('application/json', text);

describe('JSON', () => {
  it.each([
    ['a changed member', '{"a":1}', '{"a":2}', ['body.a changed 1 -> 2']],
    ['an added member', '{"a":1}', '{"a":1,"b":2}', ['body.b added null -> 2']],
    ['a removed member', '{"a":1,"b":2}', '{"a":1}', ['body.b removed 2 -> null']],
    ['a retyped member', '{"a":1}', '{"a":"1"}', ['body.a type 1 -> "1"']],
    ['null for a value', '{"a":1}', '{"a":null}', ['body.a type 1 -> null']],
    ['another order of elements', '[1,2,3]', '[3,1,2]', ['body reordered [1,2,3] -> [3,1,2]']],
    ['an element put in front', '[1,2,3]', '[0,1,2,3]', ['body[0] added null -> 0']],
    ['an element taken out', '{"l":[1,2,3]}', '{"l":[1,3]}', ['body.l[1] removed 2 -> null']],
    ['an odd name', '{"a b":1}', '{"a b":2}', ['body["a b"] changed 1 -> 2']],
    ['another type of document', '{}', '[]', ['body type {} -> []']],
  ])('tells %s', (_what, recorded, live, expected) => {
    expect(told(judgeOne(json(recorded), json(live)))).toEqual(expected);
  });

  it.each([
    ['numbers written in another way', '{"a":1.50,"b":100}', '{"b":1e2,"a":1.5}'],
    ['characters written as escapes', '{"a":"é"}', '{"a":"\\u00e9"}'],
  ])('takes %s for equal', (_what, recorded, live) => {
    expect(told(judgeOne(json(recorded), json(live)))).toEqual([]);
  });

  it('tells numbers apart that one double would hold', () => {
    const { differences } = judgeOne(json('{"a":9007199254740993}'), json('{"a":9007199254740992}'));
    expect(differences).toMatchObject([{ path: 'body.a', kind: 'changed' }]);
  });

  it('is still compared as JSON when the content type got lost', () => {
    const live = { ...of('text/plain', '{"a":1}') };
    expect(told(judgeOne(json('{"a":1}'), live))).toEqual([
      'header["content-type"] changed "application/json" -> "text/plain"',
    ]);
  });

  it('tells a body that is no JSON any more', () => {
    expect(told(judgeOne(json('{"a":1}'), json('<html>')))).toEqual(['body type {"a":1} -> "<html>"']);
  });
});

describe('several JSON texts', () => {
  const lines = (text: string) => of('application/x-ndjson', text);

  it.each([
    ['a changed item', '{"a":1}\n{"a":2}\n', '{"a":1}\n{"a":3}\n', ['body[1].a changed 2 -> 3']],
    ['an item more', '{"a":1}\n', '{"a":1}\n{"b":2}\n', ['body[1] added null -> {"b":2}']],
    ['other spelling alone', '{"a":1, "b":2}\r\n\r\n', '{"b":2,"a":1.0}\n', []],
    ['what is no JSON any more', '{"a":1}\n', 'gone', ['body type [{"a":1}] -> "gone"']],
  ])('tells %s', (_what, recorded, live, expected) => {
    expect(told(judgeOne(lines(recorded), lines(live)))).toEqual(expected);
  });

  it('reads them under the type of one, too', () => {
    const [recorded, live] = [json('{"a":1}\n{"a":2}\n'), json('{"a":1}\n')];
    expect(told(judgeOne(recorded, live))).toEqual(['body[1] removed {"a":2} -> null']);
  });

  it('compares sequences item by item', () => {
    const sequence = (text: string) => of('application/json-seq', text);
    expect(told(judgeOne(sequence('\u001e{"a":1}\n'), sequence('\u001e{"a":2}\n')))).toEqual([
      'body[0].a changed 1 -> 2',
    ]);
  });
});

describe('what the value does not show', () => {
  const text = JSON.stringify({ items: Array.from({ length: 50 }, (_, id) => ({ id, name: `thing ${id}` })) });
  const coded = (coding: string, bytes: Uint8Array): ExchangeSketch => ({
    responseHeaders: [
      ['Content-Type', 'application/json'],
      ['Content-Encoding', coding],
    ],
    responseBody: bytes,
  });
  const sound = '"a body that is whole, and reads as it says"';
  const damaged = Buffer.from(zlib.gzipSync(text));
  damaged.writeUInt32LE(7, damaged.length - 8); // its checksum

  it.each<[string, string, Uint8Array, Uint8Array, string[]]>([
    ['another level', 'gzip', zlib.gzipSync(text), zlib.gzipSync(text, { level: 1 }), []],
    [
      'an end that is missing',
      'gzip',
      zlib.gzipSync(text),
      zlib.gzipSync(text).subarray(0, -8),
      ['the data ends early'],
    ],
    ['a checksum of something else', 'gzip', zlib.gzipSync(text), damaged, ['the data is damaged']],
    [
      'an end of zlib that is missing',
      'deflate',
      zlib.deflateSync(text),
      zlib.deflateSync(text).subarray(0, -4),
      ['the data ends early'],
    ],
  ])('tells of a coding: %s', (_what, coding, recorded, live, problems) => {
    const expected = problems.map((problem) => `bytes type ${sound} -> "${coding}: ${problem}"`);
    expect(told(judgeOne(coded(coding, recorded), coded(coding, live)))).toEqual(expected);
  });

  it('takes a coding that always ended early for what it is', () => {
    const cut = (level: number) => coded('gzip', zlib.gzipSync(text, { level }).subarray(0, -8));
    expect(told(judgeOne(cut(9), cut(1)))).toEqual([]);
  });

  it('says nothing of a coding that redaction undid', () => {
    const recorded = { ...coded('gzip', zlib.gzipSync('{"password":"hunter2hunter2"}')) };
    const live = coded('gzip', zlib.gzipSync('{"password":"hunter2hunter2"}').subarray(0, -8));
    expect(judgeRedacted([recorded], [live])[0]?.differences).toEqual([]);
  });

  it('says what is wrong in words where secrets were taken out, too', () => {
    const secret = '{"password":"hunter2hunter2","a":1}';
    const [judgement] = judgeRedacted([json(secret)], [json(`\u{feff}${secret}`)]);
    expect(told(judgement ?? { differences: [], excused: [] })).toEqual([
      `bytes type ${without('JSON')} -> ${behind('JSON')}`,
    ]);
  });

  it.each(['bytes', 'body'])('is excused by a rule for %s', (place) => {
    const noise = `- { in: response, path: ${place}, because: "either reads it" }`;
    const [recorded, live] = [json('{"a":1}'), json('\u{feff}{"a":1}')];
    expect(judgeOne(recorded, live, { noise })).toMatchObject({ differences: [], excused: [{ path: 'bytes' }] });
    const other = { noise: '- { in: response, path: body.a, because: "another place" }' };
    expect(judgeOne(recorded, live, other).differences).toHaveLength(1);
  });

  it('keeps the mark of a text in which a value is another one in this run', () => {
    const type = 'text/plain; charset=utf-16le';
    const recorded = ['a', 'b'].map((end) =>
      of(type, utf16(`\u{feff}see 0e2b6c1a-8e7c-4d6f-9a0b-1c2d3e4f5a6b ${end}`)),
    );
    const live = ['a', 'b'].map((end) => of(type, utf16(`\u{feff}see 5a9f0f54-37a5-4a0e-8b0e-6d5c4b3a2f1e ${end}`)));
    expect(judgeRun(recorded, live).map(told)).toEqual([[], []]);
  });

  const [mark, shiftJis] = ['\u{feff}', Buffer.from('83652083588367', 'hex')];
  const japanese = new TextDecoder('shift_jis').decode(shiftJis);
  const behind = (what: string) => `"${what} behind a byte order mark"`;
  const without = (what: string) => `"${what} without a byte order mark"`;

  it.each<[string, string, string | Uint8Array, string | Uint8Array, string[]]>([
    ['a mark that is gone', 'text/csv', `${mark}a;b\r\n`, 'a;b\r\n', [`${behind('text')} -> ${without('text')}`]],
    ['a mark that came', 'application/xml', '<a/>', `${mark}<a/>`, [`${without('text')} -> ${behind('text')}`]],
    [
      'a mark before lines of JSON',
      'application/x-ndjson',
      '{"a":1}\n',
      `${mark}{"a":1}\n`,
      [`${without('JSON')} -> ${behind('JSON')}`],
    ],
    [
      'a mark of UTF-16',
      'text/plain; charset=utf-16le',
      utf16('x'),
      utf16(`${mark}x`),
      [`${without('text')} -> ${behind('text')}`],
    ],
    [
      'UTF-8 in another charset',
      'text/plain; charset=shift_jis',
      shiftJis,
      japanese,
      [`${sound} -> "UTF-8 that says it is shift_jis"`],
    ],
    [
      'a name that comes twice in a line',
      'application/x-ndjson',
      '{"a":1}\n{"b":1}\n',
      '{"a":1}\n{"b":2,"b":1}\n',
      ['"no member that is repeated" -> "members that are repeated: b"'],
    ],
    [
      'UTF-8 that says it is something else, as before',
      'text/plain; charset=shift_jis',
      `${japanese} `,
      `${japanese} `,
      [],
    ],
  ])('tells of %s', (_what, type, recorded, live, expected) => {
    expect(told(judgeOne(of(type, recorded), of(type, live)))).toEqual(expected.map((each) => `bytes type ${each}`));
  });

  it('tells of parts that nothing closes', () => {
    const part = (end: string) =>
      of('multipart/mixed; boundary=xx', `--xx\r\nContent-Type: text/plain\r\n\r\nhello${end}`);
    const [closed, cut] = [part('\r\n--xx--\r\n'), [`bytes type ${sound} -> "parts that no boundary closes"`]];
    expect(told(judgeOne(closed, part('\r\n--xx--')))).toEqual([]);
    expect(told(judgeOne(closed, part('\r\n--xx')))).toEqual(cut);
    expect(told(judgeOne(closed, part('')))).toEqual(cut);
  });

  it('tells of a number that is written in another way of protobuf, though it is the same', () => {
    const message = (hex: string) => of('application/x-protobuf', Buffer.from(hex, 'hex'));
    const [double, float] = ['09000000000000f83f', '0d0000c03f']; // field 1, 1.5
    expect(told(judgeOne(message(double), message(float)))).toEqual([
      'bytes["1"] type "a number as fixed64" -> "a number as fixed32"',
    ]);
    const fields = ['0801', '100a'];
    expect(told(judgeOne(message(fields.join('')), message(fields.toReversed().join(''))))).toEqual([]);
  });
});

function utf16(text: string): Uint8Array {
  return Buffer.from(text, 'utf16le');
}

describe('other bodies', () => {
  it('compares forms by field', () => {
    const type = 'application/x-www-form-urlencoded';
    expect(told(judgeOne(of(type, 'a=1&b=2&b=3'), of(type, 'b=2&a=1&b=4&c=5')))).toEqual([
      'body.b[1] changed "3" -> "4"',
      'body.c added null -> "5"',
    ]);
  });

  it('compares parts by what they say and hold, whatever the boundary', () => {
    const part = (boundary: string, value: string) =>
      of(
        `multipart/form-data; boundary=${boundary}`,
        `--${boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\n${value}\r\n--${boundary}--\r\n`,
      );
    expect(told(judgeOne(part('xxx', 'hello'), part('yyyyy', 'hello')))).toEqual([]);
    expect(told(judgeOne(part('xxx', 'hello'), part('yyyyy', 'hullo')))).toEqual([
      'body.note changed "hello" -> "hullo"',
    ]);
  });

  it('shows where long texts begin to differ', () => {
    const text = `${'a'.repeat(1000)}HERE${'b'.repeat(1000)}`;
    const [difference] = judgeOne(of('text/plain', text), of('text/plain', text.replace('HERE', 'here'))).differences;
    expect(difference).toMatchObject({ path: 'body', kind: 'changed' });
    expect(difference?.actual).toMatch(/^…a+hereb+…$/);
    expect(String(difference?.actual).length).toBeLessThan(300);
  });

  it('compares bytes by hash and first difference', () => {
    const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    const [left, right] = [Buffer.from([0, 255, 1, 2]), Buffer.from([0, 255, 9, 2, 3])];
    const type = 'application/octet-stream';
    expect(judgeOne(of(type, left), of(type, right)).differences).toEqual([
      {
        path: 'body',
        kind: 'changed',
        expected: { size: 4, sha256: hash(left), firstDifference: 2 },
        actual: { size: 5, sha256: hash(right), firstDifference: 2 },
      },
    ]);
  });

  it('tells a body that came or went', () => {
    expect(told(judgeOne(of('', ''), of('', 'x')))).toEqual(['body added null -> "x"']);
    expect(told(judgeOne(of('', 'x'), of('', '')))).toEqual(['body removed "x" -> null']);
  });

  it('judges the length of what a HEAD request leaves out, and no other length', () => {
    const sized = (length: number): ExchangeSketch => ({ responseHeaders: [['Content-Length', String(length)]] });
    expect(told(judgeOne({ method: 'HEAD', ...sized(5) }, sized(6)))).toEqual([
      'header["content-length"] changed "5" -> "6"',
    ]);
    expect(told(judgeOne({ method: 'GET', ...sized(5) }, sized(6)))).toEqual([]);
  });

  it('compares trailers', () => {
    const trailed = (value: string): ExchangeSketch => ({ responseTrailers: [['X-Sum', value]], responseBody: 'x' });
    expect(told(judgeOne(trailed('1'), trailed('2')))).toEqual(['trailer["x-sum"] changed "1" -> "2"']);
  });

  it('tells a field that is empty from one that is gone', () => {
    const field = (value: string | null): ExchangeSketch => ({
      responseHeaders: value === null ? [] : [['X-A', value]],
    });
    expect(told(judgeOne(field(''), field(null)))).toEqual(['header["x-a"] removed "" -> null']);
    expect(told(judgeOne(field(null), field('')))).toEqual(['header["x-a"] added null -> ""']);
  });

  it('does not judge how a message travelled', () => {
    const over = (headers: ExchangeSketch['responseHeaders']): ExchangeSketch => ({
      responseHeaders: headers ?? [],
      responseBody: 'x',
    });
    const chunked = over([
      ['Transfer-Encoding', 'chunked'],
      ['Connection', 'keep-alive'],
      ['Keep-Alive', 'timeout=5'],
    ]);
    expect(told(judgeOne(over([]), chunked))).toEqual([]);
  });
});

describe('what is shown of long texts', () => {
  const page = (account: string, price: string, more = ''): string =>
    `<p>${'lorem ipsum '.repeat(30)}</p><b class="acct">${account}</b>${'<br>'.repeat(40)}<i>${price}</i>${more}`;
  const shown = (recorded: readonly string[], live: readonly string[]) => {
    const html = { responseHeaders: [['Content-Type', 'text/html']] } as const;
    const of = (bodies: readonly string[]) => [
      { ...html, responseBody: bodies[0] ?? '' },
      { target: `/acct/${bodies[1] ?? ''}` },
    ];
    const [judgement] = judgeRun(of(recorded), of(live));
    return judgement?.differences.map(({ expected, actual }) => [expected, actual]);
  };

  it('is the difference, not a word before it that may differ', () => {
    const [difference] = shown([page('7126285585', '$250.00'), '7126285585'], [page('2350824306', '$250.0')]) ?? [];
    expect(difference).toEqual([expect.stringContaining('<i>$250.00</i>'), expect.stringContaining('<i>$250.0</i>')]);
    expect(JSON.stringify(difference)).not.toContain('7126285585');
  });

  it('has what stands around it, also where something was put in', () => {
    const [difference] = shown([page('a', '$1')], [page('a', '$1', '<hr>')]) ?? [];
    expect(difference).toEqual([
      expect.stringMatching(/<br><i>\$1<\/i>$/),
      expect.stringMatching(/<br><i>\$1<\/i><hr>$/),
    ]);
  });

  it('never reads alike on both sides, however long the texts are', () => {
    for (const length of [10, 100, 119, 121, 159, 161, 250, 399, 401, 5000]) {
      const [difference] = shown([`${'x'.repeat(length)} one`], [`${'x'.repeat(length)} two`]) ?? [];
      expect(difference?.[0]).not.toEqual(difference?.[1]);
      expect(String(difference?.[0]).length).toBeLessThanOrEqual(125);
    }
  });
});
