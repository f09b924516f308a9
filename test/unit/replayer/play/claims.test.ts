/** Which message stands for which: likeness of two, and claims as they come. */
import { Claims } from '../../../../replayer/play/conversation/claims';
import { isAlikeAbove, likeness } from '../../../../replayer/play/conversation/likeness';
import { viewBody } from '../../../../tape/body/view';
import { bodyOf } from '../../../support/tapes';

const like = (a: string | Uint8Array, b: string | Uint8Array) =>
  likeness(viewBody([], bodyOf(a)), viewBody([], bodyOf(b)));

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
    expect([text(claims.claim(0, bodyOf(tick(1)))), text(claims.claim(1, bodyOf(reply)))]).toEqual([tick(1), reply]);
    expect(claims.others().map(({ live, after }) => [text(live), after])).toEqual([[tick(2), 0]]);
  });

  it('wait for one that is alike, and take any other only when asked to', () => {
    const claims = come(tick(1));
    expect(claims.claim(0, bodyOf(reply))).toBeUndefined();
    expect([claims.hasNext, text(claims.claimAny(0)), claims.hasNext]).toEqual([true, tick(1), false]);
  });

  it('never take for another what was passed over', () => {
    const claims = come(tick(1), reply);
    claims.claim(0, bodyOf(reply));
    expect([claims.hasNext, claims.claimAny(1)]).toEqual([false, undefined]);
  });

  it('say what came before its turn', () => {
    const claims = come(tick(1), reply, tick(2));
    claims.claim(2, bodyOf(reply));
    claims.claim(3, bodyOf(tick(1)));
    claims.claim(5, bodyOf(tick(2)));
    expect(claims.outOfOrder()).toEqual([{ index: 3, before: 2 }]);
  });
});
