/** How far noise rules let an answer differ: in any order, within a tolerance, one of some values, as a pattern says. */
import type { SketchBody } from '../../../support/exchanges';
import { judgeOne, judgeRun, told } from '../../../support/judging';

const rule = (path: string, more: string) => `- { in: response, path: ${path}, ${more}, because: x }`;

function judged(noise: string, recorded: SketchBody, live: SketchBody) {
  const judgement = judgeOne({ responseBody: recorded }, { responseBody: live }, { noise });
  return [...told(judgement), ...judgement.excused.map(({ path, rule }) => `${path} excused by ${rule}`)];
}

const excused = (path: string) => [`${path} excused by noise.yaml:1`];

describe('order: any', () => {
  const anyOrder = rule('body.items', 'order: any');

  it('takes the same elements in another order, and says so', () => {
    expect(judged(anyOrder, { items: [1, 2, 2, 3] }, { items: [2, 3, 1, 2] })).toEqual(excused('body.items'));
  });

  it('says nothing where the order is the recorded one', () => {
    expect(judged(anyOrder, { items: [1, 2] }, { items: [1, 2] })).toEqual([]);
  });

  it('compares each element with its own, at its recorded place', () => {
    const ann = { name: 'Ann', age: 31, tags: ['a'] };
    const bob = { name: 'Bob', age: 52, tags: ['b'] };
    expect(judged(anyOrder, { items: [ann, bob] }, { items: [bob, { ...ann, age: 32 }] })).toEqual([
      'body.items[0].age changed 31 -> 32',
      ...excused('body.items'),
    ]);
  });

  it('tells what came and what went', () => {
    expect(judged(anyOrder, { items: ['a', 'b'] }, { items: ['c', 'a'] })).toEqual([
      'body.items[1] changed "b" -> "c"',
      ...excused('body.items'),
    ]);
    expect(judged(anyOrder, { items: ['a', 'b'] }, { items: ['b'] })).toEqual(['body.items[0] removed "a" -> null']);
    expect(judged(anyOrder, { items: ['a'] }, { items: ['b', 'a'] })).toEqual([
      'body.items[1] added null -> "b"',
      ...excused('body.items'),
    ]);
  });

  it('finds an element again whose id is made anew, and follows the id to later answers', () => {
    const [annId, bobId] = ['7c9e6679-7425-40de-944b-e07fc1f90ae7', 'f47ac10b-58cc-4372-a567-0e02b2c3d479'];
    const [newAnn, newBob] = ['0b8f1c5e-3a2d-4f6b-9c1e-2d3f4a5b6c7d', '1d2e3f4a-5b6c-4d7e-8f90-a1b2c3d4e5f6'];
    const people = (ann: string, bob: string) => [
      { id: ann, name: 'Ann' },
      { id: bob, name: 'Bob' },
    ];
    const [, second] = judgeRun(
      [
        { target: '/people', responseBody: { items: people(annId, bobId) } },
        { target: `/people/${annId}`, responseBody: { id: annId, name: 'Ann' } },
      ],
      [
        { responseBody: { items: people(newAnn, newBob).reverse() } },
        { target: `/people/${newAnn}`, responseBody: { id: newAnn, name: 'Ann' } },
      ],
      { noise: anyOrder },
    );
    expect(second).toEqual({ differences: [], excused: [] });
  });

  it('looks into arrays within elements', () => {
    const noise = `${anyOrder}\n${rule('body.items[*].tags', 'order: any')}`;
    const recorded = [
      { n: 1, tags: ['a', 'b'] },
      { n: 2, tags: ['c', 'd'] },
    ];
    const live = [
      { n: 2, tags: ['d', 'c'] },
      { n: 1, tags: ['b', 'a'] },
    ];
    expect(judged(noise, { items: recorded }, { items: live })).toEqual([
      'body.items excused by noise.yaml:1',
      'body.items[0].tags excused by noise.yaml:2',
      'body.items[1].tags excused by noise.yaml:2',
    ]);
  });

  it('holds only where the rule says', () => {
    expect(judged(anyOrder, { others: [1, 2] }, { others: [2, 1] })).toEqual(['body.others reordered [1,2] -> [2,1]']);
  });

  it('pairs a thousand changed elements without comparing each with each', () => {
    const items = (by: number) => Array.from({ length: 1000 }, (_, i) => ({ i: i + by, at: i }));
    const judgement = judgeOne(
      { responseBody: { items: items(0) } },
      { responseBody: { items: items(5000) } },
      { noise: anyOrder },
    );
    expect(judgement.differences).toHaveLength(1000);
  });
});

describe('tolerance', () => {
  it.each([
    ['0.01', 1.5, 1.51, true],
    ['0.01', 1.5, 1.52, false],
    ['0.1', 0.3, 0.2, true],
    ['5%', 200, 210, true],
    ['5%', 200, 189, false],
    ['5%', -200, -210, true],
    ['5%', 0, 0.1, false],
    ['1', '10.5', '11.5', true],
    ['1', 'ten', '11', false],
    ['1', 10, '10', false],
    ['1', 10, null, false],
  ])('%s of %j lets %j pass: %s', (tolerance, recorded, live, passes) => {
    const found = judged(rule('body.n', `tolerance: ${tolerance}`), { n: recorded }, { n: live });
    expect(found.includes('body.n excused by noise.yaml:1')).toBe(passes);
    expect(found).toHaveLength(1);
  });

  it('does not excuse a number that is gone', () => {
    expect(judged(rule('body.n', 'tolerance: 5'), { n: 3 }, {})).toEqual(['body.n removed 3 -> null']);
  });
});

describe('one-of', () => {
  it.each([
    ['[queued, running]', 'running', true],
    ['[queued, running]', 'failed', false],
    ['[1, 2]', 2, true],
    ['[1, 2]', '2', false],
    ['[null, true]', null, true],
  ])('%s lets %j pass: %s', (values, live, passes) => {
    const found = judged(rule('body.state', `one-of: ${values}`), { state: 'done' }, { state: live });
    expect(found.includes('body.state excused by noise.yaml:1')).toBe(passes);
    expect(found).toHaveLength(1);
  });
});

describe('matches', () => {
  it.each([
    ["'^ord_[0-9]+$'", 'ord_42', true],
    ["'^ord_[0-9]+$'", 'usr_42', false],
    ["'^[0-9]{3}$'", 123, true],
    ["'x'", null, false],
  ])('%s lets %j pass: %s', (pattern, live, passes) => {
    const found = judged(rule('body.id', `matches: ${pattern}`), { id: 'ord_1' }, { id: live });
    expect(found.includes('body.id excused by noise.yaml:1')).toBe(passes);
    expect(found).toHaveLength(1);
  });

  it('takes linear time, whatever the answer holds', () => {
    const noise = rule('body.id', "matches: '^(a+)+$'");
    expect(judged(noise, { id: 'a' }, { id: `${'a'.repeat(20_000)}b` })).toHaveLength(1);
  });
});
