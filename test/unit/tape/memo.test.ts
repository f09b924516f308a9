import { memoised, memoisedLast } from '../../../tape/memo';

function counted<K>() {
  const asked: K[] = [];
  const compute = (key: K) => {
    asked.push(key);
    return { of: key };
  };
  return { asked, compute };
}

it('computes an answer once', () => {
  const { asked, compute } = counted<string>();
  const answer = memoised(2, compute);
  expect([answer('a'), answer('a'), answer('b')]).toEqual([{ of: 'a' }, { of: 'a' }, { of: 'b' }]);
  expect(asked).toEqual(['a', 'b']);
});

it('remembers no more than it may', () => {
  const { asked, compute } = counted<string>();
  const answer = memoised(2, compute);
  for (const key of ['a', 'b', 'c', 'a', 'c']) answer(key);
  expect(asked).toEqual(['a', 'b', 'c', 'a']);
});

it('keeps nothing of what is not worth it', () => {
  const { asked, compute } = counted<string>();
  const answer = memoised(2, compute, (key) => key.length < 3);
  for (const key of ['long', 'long', 'ab', 'ab']) answer(key);
  expect(asked).toEqual(['long', 'long', 'ab']);
});

it('remembers the last answer by the object itself, not by what it looks like', () => {
  const { asked, compute } = counted<object>();
  const answer = memoisedLast(compute);
  const [one, other] = [{ n: 1 }, { n: 1 }];
  expect(answer(one)).toBe(answer(one));
  expect(answer(other)).not.toBe(answer(one));
  expect(asked).toHaveLength(3);
});
