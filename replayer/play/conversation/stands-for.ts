/**
 * Whether a value of a live message may be the recorded one in this run: both are of one kind that is made anew, and nothing
 * that the run knows speaks against it. What an earlier answer gave, or the client said, is that and nothing else; what the
 * tape has as another thing's is nobody's new name; a time moved as the clock did. Decides which message stands for which:
 * the judge decides for itself.
 */
import { viewBody } from '../../../tape/body/view';
import { type JsonValue, stringifyJson } from '../../../tape/json/json';
import type { MessageTurn } from '../../cases/cases';
import { isClock, movedTime } from '../../judge/causes/clock';
import type { Said } from '../../judge/judge-message';
import { bothSidesReason } from '../../noise/both-sides';
import type { Stage } from '../player';
import type { StandsFor, Wanted } from './likeness';

/** The recorded message as this run expects it. */
export function wantedOf(turn: MessageTurn, { carrier }: Pick<Stage, 'carrier'>): Wanted {
  const recorded = viewBody([], turn.message.body);
  return { recorded, expected: carrier.expectationFor(turn).expected?.body ?? recorded };
}

export function standsFor(turn: MessageTurn, { carrier, state }: Pick<Stage, 'carrier' | 'state'>) {
  const { knownFrom, isOnTape } = carrier.expectationFor(turn);
  const { startedAtUs, durationUs } = turn.stored.exchange;
  const recordedSpan = { fromUs: startedAtUs, toUs: startedAtUs + (durationUs ?? 0) };
  return ({ atUs }: Said): StandsFor => {
    const pair = { recorded: recordedSpan, live: { fromUs: atUs, toUs: atUs } };
    return ({ recorded, expected, live }, { path, key }) => {
      if (bothSidesReason(recorded, live, key) === null) return 'no';
      const moved = movedTime(recorded, live, { key, pair });
      if (moved !== null) return isClock(moved, state.clock, pair) ? 'may' : 'no';
      const [before, now] = [textOf(recorded), textOf(live)];
      if (isOnTape(now) || (state.identities.ownerOf(now) ?? before) !== before) return 'another';
      const isKnown = textOf(expected) !== before || knownFrom(before, path) !== undefined;
      return isKnown ? 'no' : 'may';
    };
  };
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : stringifyJson(value);
}
