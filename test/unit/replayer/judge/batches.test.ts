/** Answers of batches: each part of application/http is judged as an answer of its own. */
import { type BatchPart, batchOf, changeSet, message } from '../../../support/batches';
import { judgeOne, judgeRedacted, judgeRun, told } from '../../../support/judging';

const ok = (json: object, ...fields: string[]): BatchPart => ({
  text: message('HTTP/1.1 200 OK', ['Content-Type: application/json', ...fields], JSON.stringify(json)),
});
const id = (name: string, part: BatchPart): BatchPart => ({ ...part, id: name });

it('takes another boundary for equal, of change sets too', () => {
  const answer = (boundary: string) =>
    batchOf(
      boundary,
      ok({ a: 1 }),
      changeSet(`${boundary}-set`, ok({ b: 2 }), { text: message('HTTP/1.1 204 No Content') }),
    );
  expect(told(judgeOne(answer('batch_36d5c8c6'), answer('batch_f9a2')))).toEqual([]);
});

it.each<[string, BatchPart, BatchPart, readonly string[]]>([
  [
    'a status',
    ok({ a: 1 }),
    { text: message('HTTP/1.1 404 Not Found', ['Content-Type: application/json'], '{"a":1}') },
    ['body[0].status changed 200 -> 404'],
  ],
  ['a field', ok({}, 'X-Total: 3'), ok({}, 'x-total: 4'), ['body[0].header.x-total changed "3" -> "4"']],
  ['a field that went', ok({}, 'X-Total: 3'), ok({}), ['body[0].header.x-total removed "3" -> null']],
  ['JSON by its place', ok({ a: [{ b: 1 }] }), ok({ a: [{ b: 2 }] }), ['body[0].body.a[0].b changed 1 -> 2']],
  [
    'a text',
    { text: message('HTTP/1.1 200 OK', [], 'hello') },
    { text: message('HTTP/1.1 200 OK', [], 'hullo') },
    ['body[0].body changed "hello" -> "hullo"'],
  ],
  [
    'what is no HTTP any more',
    ok({}),
    { text: 'sorry' },
    [expect.stringMatching(/^body\[0\] changed "HTTP\/1.1 200 OK[\s\S]*" -> "sorry"$/) as never],
  ],
])('tells %s', (_what, recorded, live, expected) => {
  expect(told(judgeOne(batchOf('b', recorded), batchOf('c', live)))).toEqual(expected);
});

it('tells places within change sets', () => {
  const answer = (total: number) => batchOf('b', ok({}), changeSet('s', ok({}), ok({ total })));
  expect(told(judgeOne(answer(1), answer(2)))).toEqual(['body[1][1].body.total changed 1 -> 2']);
});

it('takes framing, numbers written otherwise and another order of members for equal', () => {
  const live = message(
    'HTTP/1.1 200 Fine',
    ['content-type: application/json', 'Content-Length: 19'],
    '{"b": 2, "a": 1.0 }',
  );
  expect(told(judgeOne(batchOf('b', ok({ a: 1, b: 2 }, 'Content-Length: 13')), batchOf('b', { text: live })))).toEqual(
    [],
  );
});

describe('parts in another order', () => {
  const one = ok({ n: 1 });
  const two = ok({ n: 2 });

  it('are equal where their Content-IDs say which is which', () => {
    const [recorded, live] = [
      batchOf('b', id('<1>', one), id('<2>', two)),
      batchOf('b', id('<2>', two), id('<1>', one)),
    ];
    expect(told(judgeOne(recorded, live))).toEqual([]);
  });

  it('are told by their recorded place', () => {
    const live = batchOf('b', id('<2>', ok({ n: 7 })), id('<1>', one));
    expect(told(judgeOne(batchOf('b', id('<1>', one), id('<2>', two)), live))).toEqual([
      'body[1].body.n changed 2 -> 7',
    ]);
  });

  it('are equal within a change set', () => {
    const set = (...parts: BatchPart[]) => batchOf('b', changeSet('s', ...parts));
    expect(told(judgeOne(set(id('1', one), id('2', two)), set(id('2', two), id('1', one))))).toEqual([]);
  });

  it('differ without ids', () => {
    expect(told(judgeOne(batchOf('b', one, two), batchOf('b', two, one)))).toEqual([
      'body[0].body.n changed 1 -> 2',
      'body[1].body.n changed 2 -> 1',
    ]);
  });
});

describe('what may differ', () => {
  const whole = (part: BatchPart) => batchOf('b', part);

  it('is what may in an answer: clocks, volatile fields, tags of bodies that changed', () => {
    const at = (second: number) => `2026-11-27T09:00:${String(second).padStart(2, '0')}.000Z`;
    const date = (second: number) => new Date(at(second)).toUTCString();
    const answer = (second: number, tag: string) =>
      whole(ok({ at: at(second) }, `Date: ${date(second)}`, `ETag: "${tag}"`, `X-Request-Id: ${tag}`));
    const judged = judgeRun(
      [{ ...answer(1, 'abc'), startedAtUs: Date.parse(at(1)) * 1000 }],
      [{ ...answer(31, 'abd'), startedAtUs: Date.parse(at(31)) * 1000 }],
    );
    expect(judged.flatMap(({ differences }) => differences)).toEqual([]);
    expect(judged[0]?.excused.map(({ path, rule }) => `${path} ${rule}`).toSorted()).toEqual([
      'body[0].body.at clock',
      'body[0].header.date clock',
      'body[0].header.etag etag',
      'body[0].header.x-request-id volatile-header',
    ]);
  });

  it('is not a tag whose body stayed', () => {
    const tagged = (tag: string) => whole(ok({ a: 1 }, `ETag: "${tag}"`));
    expect(told(judgeOne(tagged('one'), tagged('two')))).toEqual([
      String.raw`body[0].header.etag changed "\"one\"" -> "\"two\""`,
    ]);
  });

  it('is what a rule names', () => {
    const noise = `
- { in: response, path: "body[*].header.x-total", because: "it moves" }
- { in: response, path: "body[0].body.price", because: "so does it" }
`;
    const answer = (n: number) => whole(ok({ price: n, name: 'tea' }, `X-Total: ${n}`));
    const judged = judgeOne(answer(1), answer(2), { noise });
    expect(told(judged)).toEqual([]);
    expect(judged.excused.map(({ path }) => path)).toEqual(['body[0].header.x-total', 'body[0].body.price']);
  });
});

it('carries an id that a part minted into a later batch, and expects it there', () => {
  const minted = (value: string) => batchOf('b', ok({ id: value, note: 'new' }));
  const again = (value: string) => batchOf('b', ok({ id: value, note: 'seen' }));
  const [old, now, other] = [
    '9b2f4c1e-7d3a-4e88-9c11-5a6b7c8d9e0f',
    'f47ac10b-58cc-4372-a567-0e02b2c3d479',
    'c56a4180-65aa-42ec-a945-5fd21dec0538',
  ] as const;
  const recorded = [minted(old), { ...again(old), target: `/notes/${old}` }];
  expect(judgeRun(recorded, [minted(now), again(now)]).map(told)).toEqual([[], []]);
  expect(judgeRun(recorded, [minted(now), again(other)]).map(told)).toEqual([
    [],
    [`body[0].body.id changed "${old}" ("${now}") -> "${other}"`],
  ]);
});

it('compares what was redacted as that, and shows no secret of the live answer', () => {
  const secret = (value: string) => batchOf('b', ok({ token: value, n: 1 }, `Set-Cookie: session=${value}`));
  const [same] = judgeRedacted([secret('hunter22secretly')], [secret('hunter22secretly')]);
  expect(same && told(same)).toEqual([]);
  const [other] = judgeRedacted([secret('hunter22secretly')], [batchOf('b', ok({ token: 'short words', n: 2 }))]);
  expect(JSON.stringify(other)).not.toMatch(/hunter22|short words/);
});
