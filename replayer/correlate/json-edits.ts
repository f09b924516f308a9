/**
 * New values in a JSON text, in place: every other byte stays as the client wrote it, odd numbers, repeated names and a byte
 * order mark included. Of repeated names those change that hold the recorded value.
 */
import { type JsonValue, parseJson } from '../../tape/json/json';
import { equalJson } from '../../tape/json/values';
import type { Path } from '../../tape/model/path';
import { escapeJson } from '../../tape/redact/json-strings';
import { JsonWalk, type Leaf, type Place } from '../../tape/redact/json-walk';

/** A new text for the string or number at the steps; `recorded` is what stands there. */
export interface JsonEdit {
  readonly steps: Path;
  readonly recorded: JsonValue;
  readonly text: string;
}

/** `bytes` are UTF-8. */
export function editJson(bytes: Uint8Array, edits: readonly JsonEdit[]): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const walk = new EditWalk(text, new Map(edits.map((edit) => [keyOf(edit.steps), edit])));
  walk.run();
  const edited = walk.found
    .toReversed()
    .reduce((whole, { start, end, text: by }) => whole.slice(0, start) + by + whole.slice(end), text);
  return Buffer.from(edited, 'latin1');
}

interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

class EditWalk extends JsonWalk<Place> {
  readonly found: Splice[] = [];

  constructor(
    text: string,
    private readonly edits: ReadonlyMap<string, JsonEdit>,
  ) {
    super(text);
  }

  protected opened(isArray: boolean, start: number): Place {
    return { isArray, start, name: '', index: 0 };
  }

  protected met(leaf: Leaf): void {
    const steps = this.frames.map(({ isArray, index, name }) => (isArray ? index : name));
    const edit = this.edits.get(JSON.stringify(steps));
    if (edit === undefined || !this.holds(leaf, edit.recorded)) return;
    const { start, end, type } = leaf;
    const by = asBytes(edit.text);
    if (type === 'string') this.found.push({ start, end, text: escapeJson(by) });
    else this.found.push({ start, end, text: isNumber(edit.text) ? by : `"${escapeJson(by)}"` });
  }

  private holds(leaf: Leaf, recorded: JsonValue): boolean {
    if (leaf.type === 'string') return typeof recorded === 'string' && this.logical(leaf) === asBytes(recorded);
    const value = parseJson(this.logical(leaf));
    return value !== undefined && equalJson(value, recorded);
  }
}

/** Names as the walk reads them. */
function keyOf(steps: Path): string {
  return JSON.stringify(steps.map((step) => (typeof step === 'string' ? asBytes(step) : step)));
}

function asBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function isNumber(text: string): boolean {
  return /^-?\d/.test(text) && parseJson(text) !== undefined;
}
