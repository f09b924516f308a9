/**
 * Which identifier of this run stands for which recorded one. One to one over the whole run: a recorded one never turns
 * into two, two never into one, and what the tape knows as another thing's is nobody's new name. State of one run.
 */
import { lookAlike, uuidPrefix, uuidVersion } from '../../noise/shapes';
import { OneToOne } from './one-to-one';

/** What this run calls something that is unique by itself. */
export interface NewName {
  readonly recorded: string;
  readonly live: string;
}

export class Identities {
  /** Recorded ones, and what stands for them. */
  private readonly scopes = new Map<string, OneToOne>();

  /** `isOnTape` says whether a text is known from a request or an answer of the recording; `onNew` is told each name once. */
  constructor(
    private readonly isOnTape: (text: string) => boolean,
    private readonly onNew?: (name: NewName) => void,
  ) {}

  /** The recorded identifier that a live one stands for; undefined where it stands for none so far. Of counters nobody can say. */
  ownerOf(live: string): string | undefined {
    return this.scopes.get('')?.firstOf(live);
  }

  /** What a recorded identifier is in this run; undefined where that is not known so far. */
  liveOf(recorded: string, scope = ''): string | undefined {
    return this.scopes.get(scope)?.secondOf(recorded);
  }

  /**
   * Lets `live` stand for `recorded` from now on; false where that contradicts what is known already. `scope` parts
   * counters: order 1 and user 1 are two things; '' for what is unique by itself.
   */
  bind(recorded: string, live: string, scope = ''): boolean {
    if (recorded !== live && isUnique(live) && this.isOnTape(live)) return false;
    const isNew = scope === '' && recorded !== live && this.liveOf(recorded) === undefined;
    const isBound = this.namesIn(scope).add(recorded, live);
    if (isNew && isBound) this.onNew?.({ recorded, live });
    return isBound;
  }

  private namesIn(scope: string): OneToOne {
    const known = this.scopes.get(scope) ?? new OneToOne();
    this.scopes.set(scope, known);
    return known;
  }
}

/** Counters start again in each run, so that a live 42 may be another thing's recorded 42; what is random may not. */
function isUnique(text: string): boolean {
  return uuidVersion(text.slice(uuidPrefix(text).length)) !== null || lookAlike(text, text, { proven: false });
}
