/** Which message stands for which: likeness of two, and claims as they come. */

import { bothSidesReason } from '../../../../replayer/noise/both-sides';
import { Claims } from '../../../../replayer/play/conversation/claims';
import { isAlikeAbove, likeness, type StandsFor } from '../../../../replayer/play/conversation/likeness';
import { viewBody } from '../../../../tape/body/view';
import { bodyOf } from '../../../support/tapes';

/** Of a run that knows nothing. */
const byLooks: StandsFor = ({ recorded, live }, { key }) =>
  bothSidesReason(recorded, live, key) === null ? 'no' : 'may';
const wanted = (recorded: string | Uint8Array, expected = recorded) => ({
  recorded: viewBody([], bodyOf(recorded)),
  expected: viewBody([], bodyOf(expected)),
});
const like = (a: string | Uint8Array, b: string | Uint8Array) => likeness(wanted(a), viewBody([], bodyOf(b)), byLooks);

describe('two messages are alike', () => {
  it.each([
    ['that say the same', '{"type":"tick","n":1}', '{"type":"tick","n":1}'],
    ['with one value changed', '{"type":"tick","n":1}', '{"type":"tick","n":2}'],
    [
      'with an id made anew',
      `{"id":"${'0a'.repeat(4)}-1111-4111-8111-${'ab'.repeat(6)}"}`,
      `{"id":"${'0b'.repeat(4)}-2222-4222-8222-${'cd'.repeat(6)}"}`,
    ],
    ['with a member more', '{"type":"reply","ok":true}', '{"type":"reply","ok":true,"in":3}'],
    ['as text with another word', 'order tea is open', 'order pot is open'],
    ['that are both empty', '', ''],
  ])('%s', (_what, a, b) => {
    expect(like(a, b)).toBeGreaterThan(isAlikeAbove);
  });
});

describe('two messages are not alike', () => {
  it.each([
    ['of two types', '{"type":"tick","n":1}', '{"type":"joined","room":"red"}'],
    ['of two types and one shape', '{"type":"tick","n":1}', '{"type":"ack","n":7}'],
    ['a text and JSON', 'tick', '{"type":"tick"}'],
    ['as bytes that differ', Buffer.of(0, 1, 2), Buffer.of(0, 1, 3)],
    ['something and nothing', 'tick', ''],
  ])('%s', (_what, a, b) => {
    expect(like(a, b)).toBeLessThanOrEqual(isAlikeAbove);
  });
});

describe('claims', () => {
  const tick = (n: number) => `{"type":"tick","n":${n}}`;
  const reply = '{"type":"reply","to":"ada"}';
  const come = (...texts: readonly string[]) => {
    const claims = new Claims<{ readonly body: ReturnType<typeof bodyOf> }>();
    for (const text of texts) claims.add({ body: bodyOf(text) });
    return claims;
  };
  const text = (live: { readonly body: { readonly bytes: Uint8Array } } | undefined) =>
    live === undefined ? undefined : Buffer.from(live.body.bytes).toString();

  it('take the earliest message that is alike', () => {
    const claims = come(tick(1), tick(2), reply);
    expect([
      text(claims.claim(0, wanted(tick(1)), () => byLooks)),
      text(claims.claim(1, wanted(reply), () => byLooks)),
    ]).toEqual([tick(1), reply]);
    expect(claims.others().map(({ live, after }) => [text(live), after])).toEqual([[tick(2), 0]]);
  });

  it('wait for one that is alike, and take any other only when asked to', () => {
    const claims = come(tick(1));
    expect(claims.claim(0, wanted(reply), () => byLooks)).toBeUndefined();
    expect([claims.hasNext, text(claims.claimAny(0)), claims.hasNext]).toEqual([true, tick(1), false]);
  });

  it('never take for another what was passed over', () => {
    const claims = come(tick(1), reply);
    claims.claim(0, wanted(reply), () => byLooks);
    expect([claims.hasNext, claims.claimAny(1)]).toEqual([false, undefined]);
  });

  it('say what came before its turn', () => {
    const claims = come(tick(1), reply, tick(2));
    claims.claim(2, wanted(reply), () => byLooks);
    claims.claim(3, wanted(tick(1)), () => byLooks);
    claims.claim(5, wanted(tick(2)), () => byLooks);
    expect(claims.outOfOrder()).toEqual([{ index: 3, before: 2 }]);
  });
});

describe('what is known of a run', () => {
  const [a, b, c] = ['0a'.repeat(4), '0b'.repeat(4), '0c'.repeat(4)].map(
    (start) => `${start}-1111-4111-8111-${'ab'.repeat(6)}`,
  );
  const state = (id = '') => `{"type":"state","id":"${id}","open":true,"n":1}`;
  const knowing: StandsFor = ({ live }) => (live === b ? 'another' : live === c ? 'may' : 'no');
  const like = (live: string) => likeness(wanted(state('old'), state(a)), viewBody([], bodyOf(live)), knowing);

  it('makes a message about another thing another message, however alike it is', () => {
    expect([like(state(a)), like(state(c)), like(state(b))]).toEqual([1, 1, 0]);
  });

  it('leaves a value that nobody knows to say half as much', () => {
    expect(like(state('new'))).toBe(0.875);
  });
});
