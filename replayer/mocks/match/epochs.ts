/**
 * What an upstream is asked after a write is answered as after that write. A write moves what lies at its path, below it and
 * above it on; a read belongs to the last write before it that did so. Which writes count is the scope: all of a recording,
 * or those of one case. Pure but for its state.
 */
import { safeMethods } from '../../../tape/http/safe-methods';
import type { JsonValue } from '../../../tape/json/json';
import type { MockEntry } from './entry';

/** The state of what a read asks for: which write made it, and how many did before. */
export interface Epoch {
  /** The index of the last one. */
  readonly last: number;
  /** All of them, each counted once however often it was made. */
  readonly writes: number;
}

/** Before any write. */
export const beforeAll: Epoch = { last: -1, writes: 0 };

export class Epochs {
  /** Of the writes at a path, and of those at or below it; by scope, upstream and path. */
  private readonly at = new Map<string, Epoch>();
  private readonly below = new Map<string, Epoch>();
  /** Those that were made, by scope. */
  private readonly made = new Map<string, Set<number>>();
  private readonly keys = new Map<MockEntry, { readonly scope: string; readonly keys: readonly string[] }>();

  /** Takes note of a write that was made; of a read, and of one that came to nothing, none. */
  note(entry: MockEntry, scopes: readonly string[]): void {
    if (!isWrite(entry)) return;
    const { index } = entry.mock;
    for (const scope of scopes) {
      const made = this.made.get(scope) ?? new Set();
      this.made.set(scope, made);
      const keys = this.keysOf(entry, scope);
      const how = { index, isNew: !made.has(index) };
      made.add(index);
      move(this.at, keys.at(-1) ?? '', how);
      for (const key of keys) move(this.below, key, how);
    }
  }

  /** The state that this read asks for; `beforeAll` where no write moved it, and for what is no read. */
  of(entry: MockEntry, scope: string): Epoch {
    if (this.at.size === 0 || !safeMethods.has(entry.request.method)) return beforeAll;
    const keys = this.keysOf(entry, scope);
    const above = keys.slice(0, -1).map((key) => this.at.get(key) ?? beforeAll);
    return joined([this.below.get(keys.at(-1) ?? '') ?? beforeAll, ...above]);
  }

  /** Of the path and of all that lead to it; those asked for last are kept. */
  private keysOf(entry: MockEntry, scope: string): readonly string[] {
    const known = this.keys.get(entry);
    if (known?.scope === scope) return known.keys;
    const keys = pathsTo(entry.content.value.path).map((path) => `${scope} ${entry.upstream} ${path}`);
    this.keys.set(entry, { scope, keys });
    return keys;
  }
}

function isWrite({ request, mock: { answer } }: MockEntry): boolean {
  if (safeMethods.has(request.method) || answer.kind !== 'response') return false;
  return answer.response.status < 400;
}

function move(
  map: Map<string, Epoch>,
  key: string,
  { index, isNew }: { readonly index: number; readonly isNew: boolean },
): void {
  const { last, writes } = map.get(key) ?? beforeAll;
  map.set(key, { last: Math.max(last, index), writes: isNew ? writes + 1 : writes });
}

/** Of writes at several places, none of which is at two. */
export function joined(epochs: readonly Epoch[]): Epoch {
  return epochs.reduce(
    (all, { last, writes }) => ({ last: Math.max(all.last, last), writes: all.writes + writes }),
    beforeAll,
  );
}

/** The path and all that lead to it, the root left out unless it is the path: everything would be below it. */
export function pathsTo(path: JsonValue | undefined): readonly string[] {
  const segments = Array.isArray(path) ? path.map(String).filter((each) => each !== '') : [];
  if (segments.length === 0) return ['/'];
  const steps = segments.map((segment) => `/${segment.replaceAll('/', '%2F')}`);
  return steps.map((_, i) => steps.slice(0, i + 1).join(''));
}
