/** Whether what stands in a live answer at the place of a minted value is that value: of its kind, and nobody else's. */
import { isUnlikeOthers } from '../../../tape/redact/redacted';
import type { Origin } from '../../correlate/origin';
import { jwtParts } from '../../noise/shapes';
import { isClock, movedTime } from './clock';
import { areIdentifiers, areMintedAlike, mayName } from './identity';
import type { SpanPair } from './run-clock';
import type { RunState } from './run-state';

export interface MintPlace {
  readonly state: RunState;
  readonly pair: SpanPair;
  /** The recorded value is a placeholder: only the live one has a kind. */
  readonly isSecret: boolean;
}

export function isMinted(origin: Origin, live: string, { state, pair, isSecret }: MintPlace): boolean {
  const { recorded, spot, scope } = origin;
  if (jwtParts(recorded) !== null) return jwtParts(live) !== null; // what it says is judged where it stands
  if (isSecret) return !isUnlikeOthers(recorded) || state.identities.bind(recorded, live, 'secret');
  if (spot.kind === 'cookie') return true;
  const name = spot.path.findLast((step) => typeof step === 'string');
  const key = name === undefined ? null : String(name);
  const [left, right] = spot.kind === 'number' ? [Number(recorded), Number(live)] : [recorded, live];
  const moved = movedTime(left, right, { key, pair });
  if (moved !== null) return isClock(moved, state.clock, pair);
  const alike = areIdentifiers(recorded, live, key) || areMintedAlike(recorded, live, { names: mayName(origin, key) });
  return alike && state.identities.bind(recorded, live, scope);
}
