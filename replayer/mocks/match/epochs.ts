/**
 * What an upstream is asked after a write is answered as after that write. A write moves what lies at its path, below it and
 * above it on; a read belongs to the last write before it that did so. Which writes count is the scope: all of a recording,
 * or those of one case. Pure but for its state.
 */
import { safeMethods } from '../../../tape/http/safe-methods';
import type { JsonValue } from '../../../tape/json/json';
import type { MockEntry } from './entry';

/** Before any write. */
export const beforeAll = -1;

export class Epochs {
  /** The last write at a path, and the last one at or below it; by scope, upstream and path. */
  private readonly at = new Map<string, number>();
  private readonly below = new Map<string, number>();
  private readonly keys = new Map<MockEntry, { readonly scope: string; readonly keys: readonly string[] }>();

  /** Takes note of a write that was made; of a read, and of one that came to nothing, none. */
  note(entry: MockEntry, scopes: readonly string[]): void {
    if (!isWrite(entry)) return;
    const { index } = entry.mock;
    for (const scope of scopes) {
      const keys = this.keysOf(entry, scope);
      raise(this.at, keys.at(-1) ?? '', index);
      for (const key of keys) raise(this.below, key, index);
    }
  }

  /** The index of the last write that moved what this read asks for; `beforeAll` where none did, and for what is no read. */
  of(entry: MockEntry, scope: string): number {
    if (this.at.size === 0 || !safeMethods.has(entry.request.method)) return beforeAll;
    const keys = this.keysOf(entry, scope);
    const own = this.below.get(keys.at(-1) ?? '') ?? beforeAll;
    return keys.reduce((last, key) => Math.max(last, this.at.get(key) ?? beforeAll), own);
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

function raise(map: Map<string, number>, key: string, index: number): void {
  map.set(key, Math.max(map.get(key) ?? beforeAll, index));
}

/** The path and all that lead to it, the root left out unless it is the path: everything would be below it. */
export function pathsTo(path: JsonValue | undefined): readonly string[] {
  const segments = Array.isArray(path) ? path.map(String).filter((each) => each !== '') : [];
  if (segments.length === 0) return ['/'];
  const steps = segments.map((segment) => `/${segment.replaceAll('/', '%2F')}`);
  return steps.map((_, i) => steps.slice(0, i + 1).join(''));
}
