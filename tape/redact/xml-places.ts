/**
 * Places that rules name, in XML: the elements are the steps of the path, from the outermost on, without namespaces and
 * without numbers; attributes are steps too. Only takes what rules cover; all else is left to the lexical rules.
 */
import type { Path } from '../model/path';
import { applyEdits, type Edit, mostSteps, readable } from './ledger';
import type { Standing } from './places';
import type { TextContext } from './text';

export function redactXmlPlaces(text: string, context: TextContext): string {
  const walk = new Walk(text, context);
  walk.run();
  return applyEdits(text, walk.edits);
}

interface Element {
  readonly name: string;
  readonly standing: Standing;
}

/** A comment, a section of characters, an instruction, or a tag; what has no end goes to the end of the text. */
const markup = /<!--[\s\S]*?(?:-->|$)|<!\[CDATA\[[\s\S]*?(?:\]\]>|$)|<[?!][^>]*(?:>|$)|<(\/?)([^\s<>/]+)([^<>]*)>?/g;
const attribute = /(?<![^\s=/"'])([^\s=/"']+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
/** A closing tag closes one of the innermost elements, or none. */
const mostClosed = 32;

class Walk {
  readonly edits: Edit[] = [];
  private readonly open: Element[] = [];

  constructor(
    private readonly text: string,
    private readonly context: TextContext,
  ) {}

  run(): void {
    let at = 0;
    for (const found of this.text.matchAll(markup)) {
      this.characters(at, found.index);
      const end = found.index + found[0].length;
      if (found[0].startsWith('<![CDATA[')) this.characters(found.index + 9, end - (found[0].endsWith(']]>') ? 3 : 0));
      else if (found[2] !== undefined) this.tag(found, found[2], found[3] ?? '');
      at = end;
    }
    this.characters(at, this.text.length);
  }

  private tag(found: RegExpExecArray, name: string, rest: string): void {
    const local = localName(name);
    if (found[1] === '/') this.close(local);
    else {
      const element = { name: local, standing: this.step(local) };
      this.open.push(element);
      this.attributes(found.index + 1 + name.length, rest);
      if (rest.endsWith('/')) this.open.pop();
    }
  }

  private close(name: string): void {
    const least = Math.max(0, this.open.length - mostClosed);
    for (let i = this.open.length - 1; i >= least; i--) {
      if (this.open[i]?.name !== name) continue;
      this.open.length = i;
      return;
    }
  }

  private attributes(start: number, rest: string): void {
    for (const found of rest.matchAll(attribute)) {
      const value = found[2] ?? found[3] ?? '';
      const name = localName(found[1] ?? '');
      const end = start + found.index + found[0].length - 1;
      const { rule } = this.step(name);
      if (rule !== undefined) this.take(end - value.length, end, rule, [...this.path(), readable(name)]);
    }
  }

  private characters(start: number, end: number): void {
    const rule = this.open.at(-1)?.standing.rule;
    if (rule === undefined || end <= start) return;
    const text = this.text.slice(start, end);
    const from = start + text.length - text.trimStart().length;
    this.take(from, from + text.trim().length, rule, this.path());
  }

  private take(start: number, end: number, rule: string, path: Path): void {
    if (end > start)
      this.edits.push({ start, end, text: this.context.ledger.take(this.text.slice(start, end), rule, path) });
  }

  private step(name: string): Standing {
    const { places } = this.context.rules;
    return places.step(this.open.at(-1)?.standing ?? places.at(this.context.path), readable(name));
  }

  private path(): Path {
    return [...this.context.path, ...this.open.slice(0, mostSteps).map(({ name }) => readable(name))];
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
