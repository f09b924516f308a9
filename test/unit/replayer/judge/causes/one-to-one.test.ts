/** Pairs one to one, held against two maps of strings. */
import { OneToOne } from '../../../../../replayer/judge/causes/one-to-one';
import { seededRandom } from '../../../../support/seeded-random';

class TwoMaps {
  private readonly seconds = new Map<string, string>();
  private readonly firsts = new Map<string, string>();

  add(first: string, second: string): boolean {
    const [known, other] = [this.seconds.get(first), this.firsts.get(second)];
    if ((known !== undefined && known !== second) || (other !== undefined && other !== first)) return false;
    this.seconds.set(first, second);
    this.firsts.set(second, first);
    return true;
  }

  secondOf(first: string): string | undefined {
    return this.seconds.get(first);
  }

  firstOf(second: string): string | undefined {
    return this.firsts.get(second);
  }
}

function compare(count: number, text: () => string): { readonly added: number; readonly refused: number } {
  const [pairs, maps] = [new OneToOne(), new TwoMaps()];
  let added = 0;
  for (let i = 0; i < count; i++) {
    const [first, second, asked] = [text(), text(), text()];
    const [is, should] = [pairs.add(first, second), maps.add(first, second)];
    if (is !== should) throw new Error(`${first} and ${second}: ${is}`);
    if (is) added++;
    for (const each of [first, second, asked]) {
      if (pairs.secondOf(each) !== maps.secondOf(each)) throw new Error(`${pairs.secondOf(each)} stands for ${each}`);
      if (pairs.firstOf(each) !== maps.firstOf(each)) throw new Error(`${each} stands for ${pairs.firstOf(each)}`);
    }
  }
  return { added, refused: count - added };
}

it.each([
  ['few', 40],
  ['hundreds', 400],
  ['thousands', 8000],
])('are as two maps have them, where %s texts meet again and again', (_, most) => {
  const random = seededRandom(most);
  const kinds = [
    (n: number) => String(n),
    (n: number) => `f47ac10b-58cc-4372-a567-${n.toString(16).padStart(12, '0')}`,
    (n: number) => n.toString(16).padStart(24, '0'),
    (n: number) => `ord_${n}ł`,
    (n: number) => 'a long one '.repeat(n % 50) + n,
  ];
  const text = () => (kinds[Math.floor(random() * kinds.length)] as (typeof kinds)[0])(Math.floor(random() * most));
  const { added, refused } = compare(20_000, text);
  expect(Math.min(added, refused)).toBeGreaterThan(most / 10);
});

/** As many as these have, by chance, a few times the same 32 bits of a hash, whichever it is. */
it('tells apart what has one hash', () => {
  const random = seededRandom('hashes');
  const word = () =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  const texts = [...new Set(Array.from({ length: 150_000 }, () => word() + word()))];
  const pairs = new OneToOne();
  expect(texts.filter((text, i) => !pairs.add(text, String(i)))).toEqual([]);
  expect(texts.filter((text, i) => pairs.secondOf(text) !== String(i))).toEqual([]);
});

it('keeps texts that are longer than what they lie in', () => {
  const texts = [10, 70_000, 20, 200_000, 65_000, 30].map((length, i) => `${i}`.padEnd(length, '.'));
  const pairs = new OneToOne();
  expect(texts.map((text) => pairs.add(text, text.toUpperCase().replaceAll('.', '!')))).not.toContain(false);
  expect(texts.map((text) => pairs.firstOf(text.replaceAll('.', '!')))).toEqual(texts);
});
