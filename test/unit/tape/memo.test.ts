import { garbageCollector } from '../../../cli/tight-heap';
import { hasReturned, MadeOfBytes, memoised, memoisedLast, Recent, Recurring, returned } from '../../../tape/memo';

const collect = garbageCollector();

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

it('remembers what was said of a large object with it, and lets go of it', async () => {
  const { asked, compute } = counted<{ size: number }>();
  const answer = memoisedLast(
    (key: { size: number }) => ({ of: compute(key).of.size }),
    ({ size }) => size > 1,
  );
  const gone = (() => {
    const large = { size: 2 };
    expect(answer(large)).toBe(answer(large));
    expect(asked.splice(0)).toEqual([large]);
    return new WeakRef(large);
  })();
  await Promise.resolve(); // a weak reference holds what it was made of until then
  await new Promise(setImmediate);
  collect();
  expect(gone.deref()).toBeUndefined();
});

describe('what was said of objects that come again', () => {
  it('is known by the object itself, and of the last 64 alone', () => {
    const recent = new Recent<object, number>();
    const objects = Array.from({ length: 65 }, () => returned({}));
    for (const [i, object] of objects.entries()) recent.set(object, i);
    expect(objects.map((object) => recent.get(object))).toEqual([undefined, ...Array.from(objects.keys()).slice(1)]);
    expect(recent.get({})).toBeUndefined();
  });

  it('takes the place of what was said before', () => {
    const recent = new Recent<object, number>();
    const object = returned({});
    recent.set(object, 1);
    recent.set(object, 2);
    expect(recent.get(object)).toBe(2);
    recent.clear();
    expect(recent.get(object)).toBeUndefined();
  });

  it('is not kept of one that came once', () => {
    const recent = new Recent<object, number>();
    const object = {};
    recent.set(object, 1);
    expect(recent.get(object)).toBeUndefined();
  });
});

describe('bytes that come again', () => {
  const copy = (text: string) => Buffer.from(text);

  it('are the ones of before from the third time on, and have returned', () => {
    const recurring = new Recurring(1 << 20);
    const copies = Array.from({ length: 5 }, () => copy('the same'.repeat(20)));
    const [first, second, third, fourth] = copies.map((bytes) => recurring.of(bytes));
    expect([first, second].map((bytes, i) => bytes === copies[i])).toEqual([true, true]);
    expect([third, fourth].map((bytes) => bytes === second)).toEqual([true, true]);
    expect([first, second].map((bytes) => hasReturned(bytes ?? {}))).toEqual([false, true]);
  });

  it('are equal in every byte, wherever they are looked at from afar', () => {
    const recurring = new Recurring(1 << 20);
    const size = 700;
    const plain = Buffer.alloc(size, 'a');
    for (let at = 0; at < size; at++) {
      const changed = Buffer.from(plain);
      changed[at] = 0x62;
      for (let i = 0; i < 4; i++) {
        for (const bytes of [plain, changed]) expect(recurring.of(Buffer.from(bytes)).at(at)).toBe(bytes[at]);
      }
    }
  });

  it.each([0, 1, 31, 32, 33, 64, 65])('may have any length: %d', (length) => {
    const recurring = new Recurring(1 << 20);
    for (let i = 0; i < 4; i++) expect(recurring.of(Buffer.alloc(length, 7))).toEqual(Buffer.alloc(length, 7));
  });
});

it('keeps no more bytes that come again than it may, and those that go on coming', () => {
  const recurring = new Recurring(3000);
  const bodies = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(1000));
  const seen = (body: string) => hasReturned(recurring.of(Buffer.from(body)));
  const times = (body: string) => [seen(body), seen(body), seen(body)];
  expect(bodies.map(times)).toEqual(bodies.map(() => [false, false, true]));
  expect(seen('c'.repeat(1000))).toBe(false); // let go of when d came
  expect(seen('c'.repeat(1000))).toBe(true);
  expect(seen('d'.repeat(1000))).toBe(true);
});

describe('what was made of bytes', () => {
  const copy = (text: string) => Buffer.from(text);

  it('is given again for equal bytes that are looked at in the same way', () => {
    const made = new MadeOfBytes<{ n: number }>(8);
    let n = 0;
    const make = () => ({ n: n++ });
    const asked = [
      made.of(copy('one'), 'json', make),
      made.of(copy('one'), 'json', make),
      made.of(copy('one'), 'text', make),
      made.of(copy('two'), 'json', make),
      made.of(copy('two'), 'json', make),
    ];
    expect(asked.map((each) => each.n)).toEqual([0, 0, 1, 2, 2]);
  });

  it('is of every byte', () => {
    const made = new MadeOfBytes<{ at: number }>(4096);
    const plain = Buffer.alloc(700, 'a');
    for (let at = 0; at < plain.length; at++) {
      const changed = Buffer.from(plain);
      changed[at] = 0x62;
      expect(made.of(changed, '', () => ({ at })).at).toBe(at);
    }
  });

  it('is never that of other bytes with the same sum', () => {
    const made = new MadeOfBytes<{ text: string }>(8);
    for (const text of ['Aa', 'BB', 'Aa']) expect(made.of(copy(text), '', () => ({ text })).text).toBe(text);
  });

  it('is of no more than was said', () => {
    const made = new MadeOfBytes<object>(4);
    const first = made.of(copy('0'), '', () => ({}));
    for (let i = 1; i <= 4; i++) made.of(copy(`${i}`), '', () => ({}));
    expect(made.of(copy('0'), '', () => ({}))).not.toBe(first);
  });
});
