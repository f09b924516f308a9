/** Which case of a run a call belongs to, and how that is known. */

/**
 * `alone`: no other case was played meanwhile. `trace`: it carries an id that one request of the run has for itself.
 * `recording`: of the cases that were played meanwhile only one has it recorded.
 */
export type KnownBy = 'alone' | 'trace' | 'recording';

export interface Whose {
  /** Null where nothing says whose it is, and outside of a run. */
  readonly case: string | null;
  readonly knownBy: KnownBy | null;
  /** The cases that were played meanwhile, where it is not known by the call alone. */
  readonly among: readonly string[];
}

export const nobodys: Whose = { case: null, knownBy: null, among: [] };

/** The cases whose recorded calls are due. */
export function idsOf({ case: id, among }: Whose): readonly string[] {
  return id === null ? among : [id];
}

/** With what the recording says: `causes` are those that the same request has on the tape, null where one has none. */
export function asRecorded(whose: Whose, causes: ReadonlySet<string | null>): Whose {
  if (whose.case !== null || causes.has(null)) return whose;
  const [only, second] = whose.among.filter((id) => causes.has(id));
  return only === undefined || second !== undefined ? whose : { ...whose, case: only, knownBy: 'recording' };
}
