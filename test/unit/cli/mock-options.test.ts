import { type Unused, unusedLines } from '../../../cli/mock-options';

/** Counts how many of them were put into words. */
function unusedOnes(count: number): { readonly all: readonly Unused[]; readonly seen: () => number } {
  let seen = 0;
  const all = Array.from({ length: count }, (_, i) => ({
    exchange: String(i + 1),
    method: 'GET',
    upstream: 'rates:8080',
    get target() {
      seen++;
      return `/rates/${i + 1}`;
    },
  }));
  return { all, seen: () => seen };
}

describe('lines about mocks that nobody asked for', () => {
  it('name each of ten', () => {
    const lines = unusedLines(unusedOnes(10).all);
    expect(lines).toHaveLength(10);
    expect(lines.at(-1)).toBe('unused    exchange 10, GET rates:8080/rates/10');
  });

  it('name ten of more, say how many more there are, and look at no other', () => {
    const { all, seen } = unusedOnes(5000);
    const lines = unusedLines(all);
    expect(lines.slice(-2)).toEqual(['unused    exchange 10, GET rates:8080/rates/10', '… and 4990 more']);
    expect(seen()).toBe(10);
  });
});
