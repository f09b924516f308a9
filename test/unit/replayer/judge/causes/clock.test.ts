/** A time may differ only as the clock does: by what lies between the two runs, in its own format, at its own distance. */
import { type ExchangeSketch, recordedAtUs } from '../../../../support/exchanges';
import { judgeOne, judgeRun, told } from '../../../../support/judging';

const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000];
const recordedMs = recordedAtUs / 1000;
/** Two days and a bit, so that dates move by two or three. */
const laterMs = 2 * day + 5 * hour + 17 * minute + 3456;

const iso = (ms: number) => new Date(ms).toISOString();
const whole = (ms: number) => iso(ms).replace(/\.\d+Z/, 'Z');
const http = (ms: number) => new Date(ms).toUTCString();
const seconds = (ms: number) => Math.floor(ms / 1000);

function answer(body: ExchangeSketch['responseBody'], more: ExchangeSketch = {}): ExchangeSketch {
  return { responseBody: body ?? '', ...more };
}

type Body = (nowMs: number) => ExchangeSketch['responseBody'];
const judged = (body: Body, live: Body, afterMs = laterMs) =>
  told(judgeOne(answer(body(recordedMs)), answer(live(recordedMs + afterMs)), { laterUs: afterMs * 1000 }));

const clocks: readonly [string, Body][] = [
  ['milliseconds', (now) => ({ at: iso(now + 0.4) })],
  ['whole seconds', (now) => ({ at: whole(now) })],
  ['one to three digits of a fraction', (now) => ({ at: iso(now + 120).replace('.120', '.12') })],
  ['whole seconds with zeros for the rest', (now) => ({ at: `${iso(now).slice(0, 19)}.000Z` })],
  ['minutes', (now) => ({ at: iso(now).slice(0, 16) })],
  ['a date alone', (now) => ({ dueDate: iso(now + 14 * day).slice(0, 10) })],
  ['an HTTP date', (now) => ({ at: http(now) })],
  ['a date of a feed', (now) => `<pubDate>${http(now).replace('GMT', '+0000')}</pubDate>`],
  ['seconds since the epoch', (now) => ({ at: seconds(now) })],
  ['milliseconds since the epoch', (now) => ({ at: now })],
  ['microseconds since the epoch', (now) => ({ at: now * 1000 })],
  ['a count that nothing calls a time', (now) => ({ number: now })],
  ['a time to come', (now) => ({ expiresAt: iso(now + 30 * day) })],
  [
    'a page',
    (now) => `<p>made ${iso(now)}, until <b>${http(now + hour)}</b></p><input name="ts" value="${seconds(now)}">`,
  ],
];

describe.each(clocks)('a clock as %s', (_, body) => {
  it('moves as far as the runs are apart', () => {
    expect(judged(body, body)).toEqual([]);
  });

  it('moves no further, and not back', () => {
    for (const wrongMs of [3 * day, -3 * day]) {
      expect(judged(body, (now) => body(now + wrongMs))).toHaveLength(1);
    }
  });
});

it.each([
  ['a booking an hour later', { startsAt: '2027-03-28T10:00:00Z' }, { startsAt: '2027-03-28T11:00:00Z' }],
  ['1970', { expiresAt: '2030-01-01T00:00:00Z' }, { expiresAt: '1970-01-01T00:00:00Z' }],
  ['the year one', { at: '2026-11-20T10:00:00Z' }, { at: '0001-01-01T00:00:00Z' }],
  ['a birthday', { born: '1980-05-05T00:00:00Z' }, { born: '1980-05-04T22:00:00Z' }],
  ['a birthday without a time', { born: '1980-05-05' }, { born: '1980-05-07' }],
  ['another unit', { at: seconds(recordedMs) }, { at: recordedMs + laterMs }],
  ['another format', { at: iso(recordedMs) }, { at: iso(recordedMs + laterMs).replace('T', ' ') }],
  ['a fraction that came', { at: whole(recordedMs) }, { at: iso(recordedMs + laterMs + 1) }],
])('a time that became %s is a difference', (_, recorded, live) => {
  expect(
    judged(
      () => recorded,
      () => live,
    ),
  ).toHaveLength(1);
});

it.each([
  ['start and end changed places', 0, hour, hour, 0],
  ['the end came nearer by a second', 0, 20 * second, 0, 19 * second],
  ['two moments changed places', 0, second, second, 0],
])('times of one answer keep their distance and order: %s', (_, start, end, liveStart, liveEnd) => {
  const body =
    (from: number, to: number): Body =>
    (now) => ({ from: iso(now + from), to: iso(now + to) });
  expect(judged(body(start, end), body(start, end))).toEqual([]);
  expect(judged(body(start, end), body(liveStart, liveEnd))).not.toEqual([]);
});

it('a recording without times, as files of other tools may be, is dated by its answers', () => {
  const body: Body = (now) => ({ createdAt: iso(now) });
  const dated = (ms: number): ExchangeSketch => ({
    responseHeaders: [['Date', http(ms)], json],
    responseBody: JSON.stringify(body(ms)),
  });
  const live = (ms: number) => ({ ...dated(ms), startedAtUs: ms * 1000 });
  const recorded = { ...dated(recordedMs), startedAtUs: 0 };
  expect(told(judgeOne(recorded, live(recordedMs + laterMs)))).toEqual([]);
  const wrong = { ...dated(recordedMs + laterMs + hour), startedAtUs: (recordedMs + laterMs) * 1000 };
  expect(told(judgeOne(recorded, wrong))).toHaveLength(2);
});

const json = ['Content-Type', 'application/json'] as const;

describe('a cookie', () => {
  const cookie = (expiresMs: number, maxAge = 3600): ExchangeSketch => ({
    responseHeaders: [['Set-Cookie', `theme=dark; Expires=${http(expiresMs)}; Max-Age=${maxAge}`]],
    responseBody: 'x',
  });
  const after = { laterUs: laterMs * 1000 };

  it('expires as the clock goes, and its age does not move', () => {
    expect(told(judgeOne(cookie(recordedMs + day), cookie(recordedMs + laterMs + day), after))).toEqual([]);
    expect(told(judgeOne(cookie(recordedMs + day), cookie(0), after))).toHaveLength(1);
    expect(told(judgeOne(cookie(recordedMs + day), cookie(recordedMs + laterMs + day, 7200), after))).toHaveLength(1);
  });
});

it.each(['Date', 'Expires'])('the header %s follows the clock', (name) => {
  const at = (ms: number): ExchangeSketch => ({ responseHeaders: [[name, http(ms)]], responseBody: 'x' });
  const after = { laterUs: laterMs * 1000 };
  expect(told(judgeOne(at(recordedMs), at(recordedMs + laterMs), after))).toEqual([]);
  expect(told(judgeOne(at(recordedMs), at(recordedMs + laterMs + hour), after))).toHaveLength(1);
});

it('a Date may be a second old beside a time that is not, and no older', () => {
  const at = (ms: number, agoMs: number): ExchangeSketch => ({
    responseHeaders: [['Date', http(ms - agoMs)], json],
    responseBody: JSON.stringify({ createdAt: iso(ms) }),
  });
  const judgedAt = (agoMs: number) =>
    told(judgeOne(at(recordedMs, 0), at(recordedMs + laterMs, agoMs), { laterUs: laterMs * 1000 }));
  expect(judgedAt(second)).toEqual([]);
  expect(judgedAt(3 * second)).toHaveLength(1);
});

describe('what a service did while it started', () => {
  const first = recordedMs + laterMs;
  const launched = first - 20 * second;
  const at = (ms: number) => answer({ seededAt: iso(ms) });
  const judgedAt = (recorded: number, live: number, options = { launchedAtUs: launched * 1000 }) =>
    judgeRun([at(recorded), at(recordedMs)], [at(live), at(first)], { laterUs: laterMs * 1000, ...options }).map(told);

  it.each([
    ['was made at another distance from the first request', recordedMs - 8 * second, first - 17 * second],
    ['was made by a service that was up for a month', recordedMs - 30 * day, first - 17 * second],
    ['was made just after the launch', recordedMs - 8 * second, launched + 1],
  ])('may have been read when it was: it %s', (_what, recorded, live) => {
    expect(judgedAt(recorded, live)).toEqual([[], []]);
  });

  it.each([
    ['is read anew, after it was asked', recordedMs - 8 * second, first + 3],
    ['is older than the build', recordedMs - 8 * second, launched - 10 * second],
    ['was a date of years ago', recordedMs - 900 * day, first - 17 * second],
    ['was to come', recordedMs + hour, first - 17 * second],
  ])('may not differ where it %s', (_what, recorded, live) => {
    expect(judgedAt(recorded, live)[0]).toHaveLength(1);
  });

  it('may be one moment in the recording and two now, and comes back', () => {
    const rows = (...ms: readonly number[]) => answer(ms.map((each, id) => ({ id, at: iso(each) })));
    const [then, now] = [recordedMs - 8 * second, first - 17 * second];
    const recorded = [rows(then, then), rows(then), rows(then)];
    const options = { laterUs: laterMs * 1000, launchedAtUs: launched * 1000 };
    const live = [rows(now, now + 4), rows(now + 4), rows(first + 2)];
    expect(judgeRun(recorded, live, options).map((each) => told(each).length)).toEqual([0, 0, 1]);
  });

  it('is a difference where nobody knows when the build was started', () => {
    const never = {} as { launchedAtUs: number };
    expect(judgedAt(recordedMs - 8 * second, first - 17 * second, never)[0]).toHaveLength(1);
  });
});

describe('over a run', () => {
  const at = (ms: number) => answer({ createdAt: whole(ms) });

  it('a clock of whole seconds may be read in one second when recorded, and in two now', () => {
    const order = answer({ order: { createdAt: whole(recordedMs) } });
    const comment = answer({ comment: { createdAt: whole(recordedMs) } });
    const startedAtUs = (recordedMs + laterMs) * 1000;
    const live = [
      { ...answer({ order: { createdAt: whole(startedAtUs / 1000) } }), startedAtUs },
      { ...answer({ comment: { createdAt: whole(startedAtUs / 1000 + second) } }), startedAtUs: startedAtUs + 1e6 },
    ];
    expect(judgeRun([order, comment], live).map(told)).toEqual([[], []]);
  });

  it('what was read in one step of the clock by chance comes back as what it is now, each for itself', () => {
    const made = (name: string, ms: number) => answer({ [name]: { at: iso(ms) } });
    const [now, later] = [recordedMs + laterMs, recordedMs + laterMs + 3];
    const listed = (user: number, order: number) =>
      answer({ user: { at: iso(user) }, note: `ordered ${iso(order)}`, order: { at: iso(order) } });
    const recorded = [
      { ...made('user', recordedMs), durationUs: 300 },
      { ...made('order', recordedMs), startedAtUs: recordedAtUs + 500, durationUs: 300 },
      { ...listed(recordedMs, recordedMs), startedAtUs: recordedAtUs + 50_000 },
    ];
    const after = { laterUs: laterMs * 1000 };
    expect(judgeRun(recorded, [made('user', now), made('order', later), listed(now, later)], after).map(told)).toEqual([
      [],
      [],
      [],
    ]);
    const wrong = judgeRun(recorded, [made('user', now), made('order', later), listed(now, later + 40)], after);
    expect(wrong.map(({ differences }) => differences.length)).toEqual([0, 0, 2]);
  });

  it('a time that an earlier answer gave comes back as that, not as another one', () => {
    const recorded = [at(recordedMs), { ...at(recordedMs), startedAtUs: recordedAtUs + 60e6 }];
    const then = recordedMs + laterMs;
    const live = (second: number) => [at(then), at(second)];
    const after = { laterUs: laterMs * 1000 };
    expect(judgeRun(recorded, live(then), after).map(told)).toEqual([[], []]);
    expect(judgeRun(recorded, live(then + minute), after).map(told)).toEqual([
      [],
      [`body.createdAt changed "${whole(recordedMs)}" ("${whole(then)}") -> "${whole(then + minute)}"`],
    ]);
  });

  it('a time seen first in a later answer may be of the moment of an earlier one', () => {
    const made: ExchangeSketch = { method: 'POST', status: 204 };
    const recorded = [made, { ...at(recordedMs), startedAtUs: recordedAtUs + 60e6 }];
    const startedAtUs = (recordedMs + laterMs) * 1000;
    const live = [
      { ...made, startedAtUs },
      { ...at(recordedMs + laterMs), startedAtUs: startedAtUs + 1e6 },
    ];
    expect(judgeRun(recorded, live).map(told)).toEqual([[], []]);
  });

  it('a time of what went on between two exchanges lies between the same two', () => {
    const poll = (ms: number) => answer({ finishedAt: iso(ms) });
    const recorded = [
      { method: 'POST', status: 202 },
      { ...poll(recordedMs + 30 * second), startedAtUs: recordedAtUs + 60e6 },
    ];
    const startMs = recordedMs + laterMs;
    const live = (finishedMs: number) => [
      { startedAtUs: startMs * 1000 },
      { ...poll(finishedMs), startedAtUs: (startMs + second) * 1000 },
    ];
    expect(judgeRun(recorded, live(startMs + 400)).map(told)).toEqual([[], []]);
    for (const wrongMs of [-10 * second, 10 * second, hour]) {
      expect(judgeRun(recorded, live(startMs + wrongMs)).map((each) => each.differences.length)).toEqual([0, 1]);
    }
  });

  it('a wrong time is not learned: the right one of a later answer stays right', () => {
    const slot = answer({ start: '2027-03-28T10:00:00Z' });
    const wrong = { start: '2027-03-28T11:00:00Z' };
    const judgements = judgeRun([slot, slot], [answer(wrong), {}], { laterUs: laterMs * 1000 });
    expect(judgements.map((each) => each.differences.length)).toEqual([1, 0]);
  });

  it('a time the client sent comes back as it was sent', () => {
    const echo: ExchangeSketch = {
      method: 'POST',
      requestBody: { at: iso(recordedMs) },
      responseBody: { at: iso(recordedMs) },
    };
    const now = { responseBody: { at: iso(recordedMs + laterMs) } };
    expect(told(judgeOne(echo, now, { laterUs: laterMs * 1000 }))).toHaveLength(1);
  });
});

describe('of a build whose clock began at the recording', () => {
  const afterMs = 9000; // by its own clock; the real one is later by days
  const options = { laterUs: laterMs * 1000, shiftMs: afterMs - laterMs };
  const judgedBy = (body: Body, live: Body) =>
    told(judgeOne(answer(body(recordedMs)), answer(live(recordedMs + afterMs)), options));
  const behind =
    (body: Body, ms: number): Body =>
    (now) =>
      body(now + ms);

  it.each(clocks)('a clock as %s is its own', (_, body) => {
    expect(judgedBy(body, body)).toEqual([]);
    expect(judgedBy(body, behind(body, 3 * day))).toHaveLength(1);
  });

  it.each(clocks.filter(([name]) => name !== 'a date alone'))(
    'a time from outside, as %s, is by the real one',
    (_, body) => {
      expect(judgedBy(body, behind(body, laterMs - afterMs))).toEqual([]);
      expect(judgedBy(body, behind(body, laterMs - afterMs + hour))).toHaveLength(1);
    },
  );

  it('a date alone is its own', () => {
    const body: Body = (now) => ({ dueDate: iso(now + 14 * day).slice(0, 10) });
    expect(judgedBy(body, behind(body, laterMs - afterMs))).toHaveLength(1);
  });

  it('a time that stayed as it was recorded is one of then', () => {
    const booked: Body = () => ({ startsAt: '2027-03-28T10:00:00Z' });
    expect(judgedBy(booked, booked)).toEqual([]);
  });

  it('a file that was put there since, by the real clock, is one from before its answer', () => {
    const put = (ms: number): ExchangeSketch => answer('<p>', { responseHeaders: [['Last-Modified', http(ms)]] });
    const judgement = judgeOne(put(recordedMs - 90 * day), put(recordedMs + laterMs - hour), options);
    expect(told(judgement)).toEqual([]);
  });
});

describe('a time with its offset', () => {
  const half = 150 * day; // from November to April
  const at = (offset: string) => (now: number) => {
    const hours = Number(offset.slice(0, 3));
    return {
      at: iso(now + hours * hour).replace('Z', offset),
      feed: http(now + hours * hour).replace('GMT', offset.replace(':', '')),
    };
  };

  it('has the offset that its zone has by now', () => {
    expect(judged(at('+01:00'), at('+02:00'), half)).toEqual([]); // Berlin
    expect(judged(at('-05:00'), at('-04:00'), half)).toEqual([]); // New York
    expect(judged(at('+11:00'), at('+10:00'), half)).toEqual([]); // Sydney
  });

  it('has no other, though it is the same moment', () => {
    expect(judged(at('+01:00'), at('+02:00'), 2 * day)).toHaveLength(2);
    expect(judged(at('+01:00'), at('+00:00'), half)).toHaveLength(2);
    expect(judged(at('+01:00'), at('+05:00'), half)).toHaveLength(2);
  });

  it('is the right moment besides', () => {
    expect(judged(at('+01:00'), (now) => at('+02:00')(now - hour), half)).toHaveLength(2);
  });
});

it.each<[string, (text: string) => string]>([
  [
    'the name of another day of the week',
    (text) => (text.startsWith('Sun') ? `Mon${text.slice(3)}` : `Sun${text.slice(3)}`),
  ],
  ['dashes', (text) => text.replace(/(\d\d) (\w+) (\d{4})/, '$1-$2-$3')],
  ['an offset', (text) => text.replace('GMT', '+0000')],
])('an HTTP date gets no %s', (_, change) => {
  const body = (now: number) => ({ at: http(now), until: http(now + 40 * day) });
  const changed = (now: number) => ({ at: change(http(now)), until: http(now + 40 * day) });
  expect(judged(body, changed)).toHaveLength(1);
  expect(judged(changed, changed)).toEqual([]); // whatever it is good for
});

it('a day that is in no calendar is no time', () => {
  const until = (text: string) => ({ until: text });
  const to31st = Date.parse('2026-12-01T00:00:00Z') - Date.parse('2026-11-28T00:00:00Z'); // as which the 31st is read
  const recorded = () => until('2026-11-28T00:00:00Z');
  expect(judged(recorded, () => until('2026-12-01T00:00:00Z'), to31st)).toEqual([]);
  expect(judged(recorded, () => until('2026-11-31T00:00:00Z'), to31st)).toHaveLength(1);
});
