/** What `ls` and `show` say of a session that is not whole, though each of its exchanges is. */
import pc from 'picocolors';
import { pageLines } from '../../../cli/exchange-page';
import { tableSummary } from '../../../cli/exchange-table';
import { factsOf, partialLine, partialLines } from '../../../cli/session-notes';
import { type SessionState, sessionState, sessionStateWords } from '../../../tape/store/session-state';
import type { Session } from '../../../tape/store/tape';
import { exchangeOf, sessionStart } from '../../support/tapes';

const session = (state: SessionState, id = '1'): Session => ({
  id,
  ...sessionStart,
  end: null,
  state,
  exchanges: 3,
  losses: [],
});
const counts = { exchanges: 3, inbound: 3, outbound: 0, incomplete: 0 };
const count = (...sessions: Session[]) => tableSummary({ ...counts }, sessions, {});

it('calls all complete only where the session is whole', () => {
  expect(count(session('ended'))).toEqual(['3 exchanges in 1 session: 3 inbound, 0 outbound; all complete']);
  for (const state of ['killed', 'disk-full', 'tape-gone', 'failed', 'unknown'] as const) {
    expect(count(session(state))).toEqual([
      '3 exchanges in 1 session: 3 inbound, 0 outbound; each complete; 1 session cut short (!)',
    ]);
    expect(partialLines([session(state)], {})).toEqual([`session 1: ${sessionStateWords[state]}`]);
  }
});

it('says of a session that is being recorded that it grows', () => {
  expect(count(session('recording'))).toEqual([
    '3 exchanges in 1 session: 3 inbound, 0 outbound; all complete',
    'session 1: it is still being recorded',
  ]);
  expect(partialLine(session('recording'))).toBeNull();
});

it('speaks of the sessions that are listed', () => {
  const sessions = [session('killed'), session('ended', '2')];
  expect(partialLines(sessions, { session: '2' })).toEqual([]);
  expect(tableSummary({ ...counts }, sessions, { session: '2' })[0]).toMatch(/all complete$/);
});

it('says of a sample which share it is', () => {
  const sample = { ...session('ended'), sample: 0.005 };
  const words = 'session 1: a sample: 0.5% of the connections were recorded, chosen one by one';
  expect(partialLines([sample, session('ended', '2')], {})).toEqual([words]);
  expect(partialLine({ ...sample, state: 'killed' })).toBe(
    `session 1: ${sessionStateWords.killed}; ${words.slice('session 1: '.length)}`,
  );
  expect([factsOf(sample), factsOf(session('ended'))]).toEqual([
    { sessionState: 'ended', sessionSample: 0.005 },
    { sessionState: 'ended' },
  ]);
});

it('stands on the page of each of its exchanges', () => {
  const stored = { id: '1', session: '1', connectionId: '1', causeId: null, exchange: exchangeOf(), redacted: [] };
  const note = partialLine(session('disk-full'));
  expect(pageLines(stored, pc.createColors(false), note)).toContain(
    '  !           session 1: the disk was full: what came after that is missing',
  );
});

it.each([
  [false, 'interrupted', false, 'ended'],
  [false, 'a reason of a later version', false, 'ended'],
  [false, 'disk-full', false, 'disk-full'],
  [true, null, true, 'recording'],
  [true, null, false, 'killed'],
  [true, null, null, 'unknown'],
  [true, 'killed', true, 'killed'],
])('no end: %s, reason %s, writer alive: %s is %s', (hasNoEnd, reason, isWriterAlive, state) => {
  expect(sessionState(hasNoEnd, { reason, isWriterAlive })).toBe(state);
});

it('counts those of which nothing says who asked by themselves', () => {
  const mixed = { exchanges: 3, inbound: 1, outbound: 1, incomplete: 0 };
  expect(tableSummary(mixed, [session('ended')], {})[0]).toContain('1 inbound, 1 outbound, 1 of unknown direction');
});
