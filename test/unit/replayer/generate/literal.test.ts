import { runInNewContext } from 'node:vm';
import { commentText, lineWidth, literal, type Plain, stringLiteral } from '../../../../replayer/generate/literal';

const flush = { indent: 0, column: 0 };

/** What the source means to JavaScript. */
function meaningOf(source: string): unknown {
  return runInNewContext(`(${source})`);
}

describe('a value as source', () => {
  it.each<[Plain]>([
    [null],
    [true],
    [-0],
    [1e21],
    ['it\'s "both"'],
    ['line\nbreak\r\n\ttab \\ back'],
    ['separators \u2028 \u2029, a mark \ufeff, a joiner 👩‍🚀, half a pair \ud83d'],
    [{ plain: 1, 'content-type': 2, $: 3, 'it’s': 4 }],
    [[[], {}, [{}], ['']]],
    [{ deep: { deep: { deep: { deep: ['x'.repeat(60), 'y'.repeat(60)] } } } }],
  ])('means the same again: %j', (value) => {
    expect(JSON.stringify(meaningOf(literal(value, flush)))).toBe(JSON.stringify(value));
  });

  it('keeps the sign of zero', () => {
    expect(Object.is(meaningOf(literal(-0, flush)), -0)).toBe(true);
  });

  it('keeps a member named __proto__ a member', () => {
    const value = JSON.parse('{"__proto__":{"admin":true},"a":1}');
    expect(JSON.stringify(meaningOf(literal(value, flush)))).toBe('{"__proto__":{"admin":true},"a":1}');
  });

  it('leaves out members that are undefined', () => {
    expect(literal({ a: undefined, b: 1 }, flush)).toBe('{ b: 1 }');
  });

  it('stands on one line where that fits, and otherwise has a member a line', () => {
    expect(literal({ a: [1, 2], b: { c: 'd' } }, flush)).toBe("{ a: [1, 2], b: { c: 'd' } }");
    const long = 'x'.repeat(lineWidth);
    expect(literal({ a: [1, 2], b: long }, { indent: 2, column: 10 })).toBe(
      `{\n    a: [1, 2],\n    b: '${long}',\n  }`,
    );
  });

  it('takes the quotes that need no escapes', () => {
    expect(stringLiteral("it's")).toBe('"it\'s"');
    expect(stringLiteral('say "so"')).toBe('\'say "so"\'');
  });
});

describe('recorded text in a comment', () => {
  it('can neither end the comment nor its line', () => {
    expect(commentText('a */ b\nc\u2028d')).toBe('a * / b c d');
  });
});
