/** Recorded ids map to live ids one to one over a whole run, and only what can be minted stands for a recorded value. */
import type { ExchangeSketch } from '../../../../support/exchanges';
import { judgeRun, told } from '../../../../support/judging';

const [a, b, c] = [1, 2, 3].map((n) => `f47ac10b-58cc-4372-a567-0e02b2c3d47${n}`);
const [x, y] = [1, 2].map((n) => `9b2f4c1e-7d3a-4e88-9c11-5a6b7c8d9e0${n}`);
const answer = (body: ExchangeSketch['responseBody']): ExchangeSketch => ({ responseBody: body ?? '' });
const counts = (recorded: readonly unknown[], live: readonly unknown[]) =>
  judgeRun(
    recorded.map((each) => answer(each as never)),
    live.map((each) => answer(each as never)),
  ).map(({ differences }) => differences.length);

it('lets every id be a new one', () => {
  expect(counts([[{ id: a }, { id: b }], { id: c }], [[{ id: x }, { id: y }], { id: c }])).toEqual([0, 0]);
});

it('does not let an id become what the tape knows as another', () => {
  const people = [
    { id: a, name: 'Ann' },
    { id: b, name: 'Bob' },
  ];
  const swapped = [
    { id: b, name: 'Ann' },
    { id: a, name: 'Bob' },
  ];
  expect(counts([people], [swapped])).toEqual([2]);
  expect(counts([{ planId: a }, { planId: b }], [{ planId: b }, { planId: b }])).toEqual([1, 0]);
});

it('does not let two ids become one', () => {
  expect(counts([[{ id: a }, { id: b }]], [[{ id: x }, { id: x }]])).toEqual([1]);
  expect(counts([{ id: a }, { id: b }], [{ id: x }, { id: x }])).toEqual([0, 1]);
});

it('does not let one id become two', () => {
  expect(counts([{ id: a, ownerId: a }], [{ id: x, ownerId: y }])).toEqual([1]);
  expect(counts([{ id: a }, { ref: { id: a } }], [{ id: x }, { ref: { id: y } }])).toEqual([0, 1]);
});

it('parts counters by what they count', () => {
  const recorded: ExchangeSketch[] = [
    { method: 'POST', target: '/users', responseBody: { id: 41 } },
    { method: 'POST', target: '/orders', responseBody: { id: 41 } },
    { target: '/users/41/orders/41', responseBody: { userId: 41, orderId: 41 } },
  ];
  const live = (user: number, order: number) => [
    answer({ id: user }),
    answer({ id: order }),
    answer({ userId: user, orderId: order }),
  ];
  expect(judgeRun(recorded, live(7, 1)).map(told)).toEqual([[], [], []]);
});

describe('what an answer minted', () => {
  const page: ExchangeSketch = {
    target: '/a',
    status: 302,
    responseHeaders: [['Content-Type', 'text/html']],
    responseBody: '<p>You should be redirected: <a href="/login/k3J9xQ2mV7bT5wZ8">here</a>. If not, click.</p>',
  };
  const redirect: ExchangeSketch = { status: 302, responseHeaders: [['Location', '/login/k3J9xQ2mV7bT5wZ8']] };

  it('is not learned from an answer that was itself wrong', () => {
    const broken: ExchangeSketch = {
      status: 500,
      responseBody: '<h1>Error</h1>\n<p>Either the server is busy or broken.</p>',
    };
    const judgements = judgeRun([page, redirect], [broken, {}]);
    expect(judgements[0]?.differences.length).toBeGreaterThan(0);
    expect(judgements.slice(1).map(told)).toEqual([[]]);
  });

  it('may be new in a later answer where the first one did not give it', () => {
    const order = answer({ id: a });
    const judgements = judgeRun([order, order], [{ status: 500, responseBody: { error: 'no' } }, answer({ id: x })]);
    expect(judgements.map((each) => each.differences.length > 0)).toEqual([true, false]);
  });

  it('is shown as it was recorded, and beside it what it is now', () => {
    const [, second] = judgeRun(
      [answer({ id: a }), answer({ order: { id: a } })],
      [answer({ id: x }), answer({ order: { id: y } })],
    );
    expect(second?.differences).toEqual([
      { path: 'body.order.id', kind: 'changed', expected: a, translated: x, actual: y },
    ]);
  });
});

it('does not take an amount for an id because a later request repeats it', () => {
  const recorded: ExchangeSketch[] = [
    answer({ total: 1234567 }),
    { method: 'POST', requestBody: { pay: 1234567 }, responseBody: { paid: 1234567 } },
  ];
  const live = [answer({ total: 1234568 }), answer({ paid: 1234568 })];
  expect(judgeRun(recorded, live).map((each) => each.differences.length)).toEqual([1, 1]);
});

describe('ids of fifteen small letters and digits, as PocketBase makes them', () => {
  it.each([
    ['one with digits', 'fl46m0aiqpbt1jf', '2yhqeu5tysmv6gl'],
    ['one that has none by chance', 'wv712p88sznzooq', 'xkfvbtqsdzruwma'],
    ['one whose digits stand together', 'wv712p88sznzooq', 'oke8evlakbhuqfg'],
  ])('may be new: %s', (_what, recorded, live) => {
    expect(counts([{ id: recorded }], [{ id: live }])).toEqual([0]);
    expect(counts([{ id: live }], [{ id: recorded }])).toEqual([0]);
  });

  it('comes again in later answers, also where it has no digit by chance', () => {
    const of = (id: string) => [{ id }, [{ id: 'fl46m0aiqpbt1jf' }, { id }]];
    expect(counts(of('jujifustbxtpely'), of('kftz5eq5q7kg6hp'))).toEqual([0, 0]);
    expect(
      counts(of('jujifustbxtpely'), [
        { id: 'kftz5eq5q7kg6hp' },
        [{ id: 'fl46m0aiqpbt1jf' }, { id: 'jujifustbxtpely' }],
      ]),
    ).toEqual([0, 1]);
  });

  it.each([
    ['another model', 'id', 'iphone12mini128', 'iphone13mini256'],
    ['a word', 'id', 'wv712p88sznzooq', 'internationally'],
    ['another length', 'id', 'wv712p88sznzooq', 'wv712p88sznzo'],
    ['what is called otherwise', 'name', 'wv712p88sznzooq', 'fl46m0aiqpbt1jf'],
    ['a short one', 'id', 'wv712p88szn', 'fl46m0aiqpb'],
  ])('may not be %s', (_what, key, recorded, live) => {
    expect(counts([{ [key]: recorded }], [{ [key]: live }])).toEqual([1]);
  });
});

describe('ids behind a word, which a later answer repeats', () => {
  const listed = (ref: string) => [{ ref }, { items: [{ ref }] }];

  it.each([
    ['with dashes of its own', 'N-r9BGfST-1P', 'N-DcXFJOpc_T'],
    ['without a small letter, by chance', 'N-r9BGfST-1P', 'N-7QX2JOPC4T'],
    ['without a digit, by chance', 'N-rxBGfSTqUP', 'N-DcXFJOpcwT'],
    ['of a time and a number', 'ORD-MX13J4G2-8421', 'ORD-MX13WM9D-1858'],
  ])('may be new: %s', (_what, recorded, live) => {
    expect(counts(listed(recorded), listed(live))).toEqual([0, 0]);
    expect(counts(listed(live), listed(recorded))).toEqual([0, 0]);
    expect(counts(listed(recorded), [{ ref: live }, { items: [{ ref: recorded }] }])).toEqual([0, 1]);
  });

  it.each([
    ['another word before it', 'N-r9BGfST-1P', 'M-DcXFJOpc_T'],
    ['another length', 'N-r9BGfST-1P', 'N-DcXFJOpc_'],
    ['a name of two words', 'Mr-BobSmith', 'Mr-JimJones'],
    ['a heading', 'To-the-Editor-Again', 'To-the-Reader-Again'],
    ['digits alone', 'ORD-MX13-8421', 'ORD-MX13-1858'],
  ])('may not have %s', (_what, recorded, live) => {
    const told = (title: string) => [{ title }, { items: [{ title }] }];
    expect(counts(told(recorded), told(live))[0]).toBe(1);
  });

  it('need a later answer to be believed', () => {
    expect(counts([{ ref: 'N-r9BGfST-1P' }], [{ ref: 'N-DcXFJOpc_T' }])).toEqual([1]);
  });
});

describe('numbers that nobody counts to', () => {
  const [one, two, three] = [2354726217617522, 539194257325327, 767905384276297];

  it('may be new under a name that identifies', () => {
    expect(counts([{ id: one }], [{ id: two }])).toEqual([0]);
    expect(counts([{ id: `${one}` }], [{ id: `${two}` }])).toEqual([0]);
    expect(counts([{ id: one }], [{ id: 74940283217687 }])).toEqual([0]); // shorter, by chance
    expect(counts([{ id: one }, { userId: one }], [{ id: two }, { userId: two }])).toEqual([0, 0]);
  });

  it('stay one to one', () => {
    expect(counts([[{ id: one }, { id: three }]], [[{ id: two }, { id: two }]])).toEqual([1]);
    expect(counts([[{ id: two }, { id: three }]], [[{ id: three }, { id: two }]])).toEqual([1]);
  });

  it.each([
    ['an amount', { total: one }, { total: two }],
    ['a smaller one', { id: 12345678901234 }, { id: 12345678901235 }],
    ['what somebody may have counted', { id: one }, { id: 749402832 }],
    ['a text in place of a number', { id: one }, { id: `${two}` }],
  ])('may not be %s', (_what, recorded, live) => {
    expect(counts([recorded], [live])).toEqual([1]);
  });
});

it('lets a revision have another tail, and no other count', () => {
  const rev = (text: string, key = '_rev') => [{ [key]: text }];
  expect(counts([rev('3-335c76c17c0e751b')], [rev('3-120e17154255c318')])).toEqual([0]);
  const twice = (first: string, second = first) => [rev(first), [{}, { _rev: second }]];
  expect(counts(twice('3-335c76c17c0e751b'), twice('3-120e17154255c318'))).toEqual([0, 0]);
  expect(counts(twice('3-335c76c17c0e751b'), twice('3-120e17154255c318', '3-77cafe154255c318'))).toEqual([0, 1]);
  expect(counts([rev('3-335c76c17c0e751b')], [rev('2-120e17154255c318')])).toEqual([1]);
  expect(counts([rev('3-335c76c17c0e751b')], [rev('3-120e17154255c3')])).toEqual([1]);
  expect(counts([rev('3-335c76c17c0e751b', 'size')], [rev('3-120e17154255c318', 'size')])).toEqual([1]);
});

describe('a file that is given a name of its own', () => {
  const stored = (cover: string) => [
    answer({ cover }),
    answer([
      { title: 'none', cover: '' },
      { title: 'one', cover },
    ]),
    {
      target: `/files/${cover}`,
      responseHeaders: [['Content-Disposition', `attachment; filename=${cover}`] as const],
      responseBody: 'x',
    },
  ];
  const judged = (live: string, recorded = 'notes_illtru3s8p.txt') =>
    judgeRun(stored(recorded), stored(live)).map(({ differences }) => differences.length);

  it('may have another tail, which later answers then have', () => {
    expect(judged('notes_fxiluplzeb.txt')).toEqual([0, 0, 0]);
    expect(judged('notes_exlaz7vtxr.txt', 'notes_qfarqphsoh.txt')).toEqual([0, 0, 0]); // no digit, by chance
  });

  it.each(['notes_fxiluplzeb.exe', 'cover_fxiluplzeb.txt', 'notes_illtru.txt', 'notes.txt', 'notes'])(
    'may not become %s',
    (live) => {
      expect(judged(live)[0]).toBe(1);
    },
  );

  it('may not become another word', () => {
    expect(judged('notes_tuesday.txt', 'notes_monday1.txt')[0]).toBe(0); // what a digit may be is any tail
    expect(judged('notes_friday.txt', 'notes_monday.txt')[0]).toBe(1);
  });

  it('has the one name that it was given', () => {
    const [made = {}] = stored('notes_fxiluplzeb.txt');
    const [, ...others] = stored('notes_9dk2lax8f2.txt');
    const judgements = judgeRun(stored('notes_illtru3s8p.txt'), [made, ...others]);
    expect(judgements.map(({ differences }) => differences.length)).toEqual([0, 1, 1]);
  });
});
