/** Gives back, one after another, the values of parts in the order in which a model listed them. */
import type { Body, HeaderList } from './body';
import type { Part } from './content-model';

type ValueOf<K extends Part['kind']> = Extract<Part, { kind: K }>['value'];

export class PartCursor {
  private at = 0;

  constructor(private readonly parts: readonly Part[]) {}

  headers(): HeaderList {
    return this.next('headers');
  }

  target(): string {
    return this.next('target');
  }

  body(): Body {
    return this.next('body');
  }

  line(): string {
    return this.next('line');
  }

  bytes(): Uint8Array | null {
    return this.next('bytes');
  }

  private next<K extends Part['kind']>(kind: K): ValueOf<K> {
    const part = this.parts[this.at++];
    if (part?.kind !== kind) throw new TypeError(`part ${this.at} is ${part?.kind}, where ${kind} was listed`);
    return part.value as ValueOf<K>;
  }
}
