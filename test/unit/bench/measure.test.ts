/** The statistics and the verdicts of the bench; what it measures is not tested, only how it is summed up. */
import { alternate } from '../../../bench/measure/alternate';
import { isMet, type Result } from '../../../bench/measure/result';
import { ratioOf, spreadOf } from '../../../bench/measure/spread';
import { jsonDocument, noteLines, numberText, tableLines } from '../../../bench/measure/table';

const never = new AbortController().signal;

function result(over: Partial<Result> = {}): Result {
  return {
    name: 'throughput, nginx TLS',
    ratioOf: 'requests a second, recorded / not recorded',
    ratio: spreadOf([0.4, 0.5, 0.45]),
    figure: null,
    goal: null,
    notes: [],
    ...over,
  };
}

describe('the spread of some values', () => {
  it.each([
    [[3], { median: 3, min: 3, max: 3, count: 1 }],
    [[4, 1], { median: 2.5, min: 1, max: 4, count: 2 }],
    [[9, 1, 2], { median: 2, min: 1, max: 9, count: 3 }],
    [[10, 1, 2, 3], { median: 2.5, min: 1, max: 10, count: 4 }],
  ])('of %j', (values, expected) => {
    expect(spreadOf(values)).toEqual(expected);
  });

  it('leaves the values as they were', () => {
    const values = [3, 1, 2];
    spreadOf(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('is refused for nothing, and for what is no number', () => {
    expect(() => spreadOf([])).toThrow(RangeError);
    expect(() => spreadOf([1, Number.NaN])).toThrow(RangeError);
  });

  it('of ratios is taken pair by pair, so that a slow moment of the machine cancels out', () => {
    const pairs = [
      { subject: 50, baseline: 100 },
      { subject: 5, baseline: 10 },
      { subject: 60, baseline: 100 },
    ];
    expect(ratioOf(pairs)).toEqual({ median: 0.5, min: 0.5, max: 0.6, count: 3 });
  });

  it('of ratios to nothing is refused', () => {
    expect(() => ratioOf([{ subject: 1, baseline: 0 }])).toThrow(RangeError);
  });
});

describe('pairs', () => {
  it('turn the order of their halves round each time', async () => {
    const order: string[] = [];
    const half = (name: string) => async () => {
      order.push(name);
      return order.length;
    };
    const pairs = await alternate(
      { subject: half('subject'), baseline: half('baseline') },
      { pairs: 3, signal: never },
    );
    expect(order).toEqual(['baseline', 'subject', 'subject', 'baseline', 'baseline', 'subject']);
    expect(pairs).toEqual([
      { baseline: 1, subject: 2 },
      { subject: 3, baseline: 4 },
      { baseline: 5, subject: 6 },
    ]);
  });

  it('end between two halves once they are told to', async () => {
    const controller = new AbortController();
    const halves = {
      baseline: async () => controller.abort(),
      subject: async () => {
        throw new Error('not reached');
      },
    };
    await expect(alternate(halves, { pairs: 2, signal: controller.signal })).rejects.toThrow('abort');
  });
});

describe('a goal', () => {
  it.each([
    ['a lower bound is kept by the median', { of: 'ratio', atLeast: 0.45 }, true],
    ['a lower bound is missed by the median', { of: 'ratio', atLeast: 0.46 }, false],
    ['an upper bound is kept by the median', { of: 'ratio', atMost: 0.45 }, true],
    ['an upper bound is missed by the median', { of: 'ratio', atMost: 0.44 }, false],
    ['an exact one holds for every value', { of: 'ratio', exactly: 0.45 }, false],
  ] as const)('%s', (_what, goal, met) => {
    expect(isMet(result({ goal }))).toBe(met);
  });

  it('about an amount is judged by the amount', () => {
    const figure = { spread: spreadOf([39]), unit: 'us an exchange' };
    expect(isMet(result({ figure, goal: { of: 'figure', atMost: 40 } }))).toBe(true);
  });

  it('that there is none of is neither met nor missed', () => {
    expect(isMet(result())).toBeNull();
  });
});

describe('what is printed', () => {
  const missed = result({ goal: { of: 'ratio', atLeast: 0.5 }, notes: ['3 recordings'] });
  const kept = result({ name: 'kept', ratio: spreadOf([1]), goal: { of: 'ratio', exactly: 1 } });
  const withAmount = result({
    name: 'CPU',
    figure: { spread: spreadOf([5.25, 140]), unit: 'us' },
    goal: { of: 'figure', atMost: 6 },
  });

  it('is a table of medians with their ends, goals and verdicts', () => {
    expect(tableLines([missed, kept, withAmount])).toEqual([
      '                       ratio [min .. max]   amount [min .. max]     n  goal',
      'throughput, nginx TLS  0.45 [0.40 .. 0.50]                          3  >= 0.5   MISSED',
      'kept                   1.00 [1.00 .. 1.00]                          1  = 1      met',
      'CPU                    0.45 [0.40 .. 0.50]  72.6 [5.25 .. 140] us   3  <= 6 us  MISSED',
    ]);
  });

  it('names what was missed last, after what was divided by what and what could not be measured', () => {
    expect(noteLines([missed, kept], [{ name: 'cost', reason: 'not root' }])).toEqual([
      'throughput, nginx TLS: requests a second, recorded / not recorded',
      '  3 recordings',
      'kept: requests a second, recorded / not recorded',
      'cost: not measured: not root',
      '',
      'Missed: throughput, nginx TLS',
    ]);
  });

  it('claims nothing where nothing was measured', () => {
    expect(noteLines([], []).at(-1)).toBe('Nothing was measured.');
    expect(noteLines([kept], []).at(-1)).toBe('Every goal that was measured is met.');
  });

  it('says for scripts whether each goal is met', () => {
    const machine = { processor: 'one', cpus: 2, kernel: '6.1', node: 'v24' };
    const document = jsonDocument([missed, kept, result()], { machine, notMeasured: [] });
    expect(JSON.parse(JSON.stringify(document))).toMatchObject({
      schema: 1,
      machine,
      results: [{ met: false }, { met: true }, { met: null }],
      notMeasured: [],
    });
  });

  it.each([
    [0.4567, '0.46'],
    [12.34, '12.3'],
    [1234.5, '1235'],
    [1, '1.00'],
    [0.99999, '0.9999'],
    [-18.4, '-18.4'],
  ])('%d reads %s: what is only nearly everything never reads 1.00', (value, text) => {
    expect(numberText(value)).toBe(text);
  });
});
