/** Values that say little by their looks: cursors, nonces of policies, CSRF tags of pages, resets of limits, ids in a query. */
import type { ExchangeSketch } from '../../../../support/exchanges';
import { judgeOne, judgeRun, told } from '../../../../support/judging';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const html = (text: string): ExchangeSketch => ({
  responseHeaders: [['Content-Type', 'text/html']],
  responseBody: text,
});

describe('a cursor that a later request carries', () => {
  const pages = (cursor: string): ExchangeSketch[] => [
    { target: '/items', responseBody: { cursor, next: `/items?cursor=${encodeURIComponent(cursor)}` } },
    { target: `/items?cursor=${encodeURIComponent(cursor)}`, responseBody: { cursor: null } },
  ];
  const judged = (recorded: string, live: string) => judgeRun(pages(recorded), pages(live)).map(told);

  it.each([
    ['2:aab359', '2:ff0b12'],
    ['{"id":41}', '{"id":9}'],
    ['offset=20', 'offset=10'],
  ])('may say %s as %s', (recorded, live) => {
    expect(judged(base64(recorded), base64(live))).toEqual([[], []]);
  });

  it.each([
    ['2:aab359', '3:aab359x'],
    ['{"id":41}', '{"key":41}'],
  ])('may not say %s as %s', (recorded, live) => {
    expect(judged(base64(recorded), base64(live))[0]).not.toEqual([]);
  });
});

describe('a nonce', () => {
  const nonces = ['HWRAV+ENnDWtrdh+g4k=', 'q7Zb0/1oPpXyUa93Lm2=', 'abcdEFGH12345678ijk='];
  const page = (policy: string, tag: string): ExchangeSketch => ({
    responseHeaders: [
      ['Content-Type', 'text/html'],
      ['Content-Security-Policy', `script-src 'self' 'nonce-${policy}'; img-src *`],
    ],
    responseBody: `<html><script nonce="${tag}">go()</script></html>`,
  });
  const pairs = nonces.flatMap((recorded) =>
    nonces.filter((each) => each !== recorded).map((live) => [recorded, live]),
  );

  it.each(pairs)('%s may be %s, in the policy and in the page', (recorded = '', live = '') => {
    expect(told(judgeOne(page(recorded, recorded), page(live, live)))).toEqual([]);
  });

  it('must be the same in the policy and in the page', () => {
    const [recorded = '', live = '', other = ''] = nonces;
    expect(told(judgeOne(page(recorded, recorded), page(other, live)))).not.toEqual([]);
  });

  it('does not hide what else changes in the policy', () => {
    const [recorded = '', live = ''] = nonces;
    const wider = page(live, live);
    const headers = wider.responseHeaders?.map(
      ([name, value]) => [name, value.replace('img-src *', 'img-src x')] as const,
    );
    expect(told(judgeOne(page(recorded, recorded), { ...wider, responseHeaders: headers ?? [] }))).toHaveLength(1);
  });
});

it.each([['<meta name="csrf-token" content="%">'], ['<input type="hidden" name="authenticity_token" value="%" />']])(
  'takes the token of %s for one, with whatever base64 holds',
  (markup) => {
    const [recorded, live] = ['Zm9v/YmFyMTIz+NDU2Nzg5QUJDREVGRw==', 'k3J9xQ2mV7bT5wZ8k3J9xQ2m1a2b3c4d=='];
    const judged = (to: string) => told(judgeOne(html(markup.replace('%', recorded)), html(markup.replace('%', to))));
    expect(judged(live)).toEqual([]);
    expect(judged('')).toHaveLength(1);
  },
);

it('does not take other attributes for tokens', () => {
  const tag = (value: string) => html(`<meta name="build" content="${value}">`);
  expect(told(judgeOne(tag('k3J9xQ2mV7bT5wZ8k3J9xQ2m'), tag('p6R1nH4cY0dL9gS2p6R1nH4c')))).toHaveLength(1);
});

it('lets the end of a window of a limit be any, and not the limit', () => {
  const answer = (limit: string, reset: string): ExchangeSketch => ({
    responseHeaders: [
      ['X-RateLimit-Limit', limit],
      ['X-RateLimit-Reset', reset],
    ],
  });
  expect(told(judgeOne(answer('60', '37'), answer('60', '12')))).toEqual([]);
  expect(told(judgeOne(answer('60', '37'), answer('50', '12')))).toHaveLength(1);
});
