/**
 * What all the examples of a JSON value have in common, as JSON Schema 2020-12. A member is required where every example
 * has it; nothing is called an enumeration or a limit, since a recording shows what was and not what may be.
 */
import { isJsonObject, JsonNumber, type JsonValue } from '../json/json';

export type JsonSchema = { readonly [keyword: string]: unknown };

/** Above this, the names are values themselves: ids, dates. */
const mostMembers = 100;

export class Shape {
  private readonly types = new Set<string>();
  private readonly formats = new Set<string | null>();
  private readonly members = new Map<string, { readonly shape: Shape; examples: number }>();
  private objects = 0;
  private items: Shape | null = null;

  add(value: JsonValue): void {
    if (Array.isArray(value)) this.addList(value as readonly JsonValue[]);
    else if (isJsonObject(value)) this.addObject(value);
    else this.addScalar(value as Scalar);
  }

  schema(): JsonSchema {
    const types = [...this.types].filter((type) => type !== 'integer' || !this.types.has('number')).sort();
    if (types.length === 0) return {};
    const [format] = this.formats;
    return {
      type: types.length === 1 ? types[0] : types,
      ...(this.formats.size === 1 && format != null ? { format } : {}),
      ...(this.items === null ? {} : { items: this.items.schema() }),
      ...(this.objects === 0 ? {} : this.objectSchema()),
    };
  }

  private addList(items: readonly JsonValue[]): void {
    this.types.add('array');
    this.items ??= new Shape();
    for (const item of items) this.items.add(item);
  }

  private addObject(value: { readonly [name: string]: JsonValue }): void {
    this.types.add('object');
    this.objects++;
    for (const [name, member] of Object.entries(value)) {
      const known = this.members.get(name) ?? { shape: new Shape(), examples: 0 };
      this.members.set(name, known);
      known.examples++;
      known.shape.add(member);
    }
  }

  private addScalar(value: Scalar): void {
    if (value === null) this.types.add('null');
    else if (typeof value === 'boolean') this.types.add('boolean');
    else if (typeof value === 'string') {
      this.types.add('string');
      this.formats.add(formatOf(value));
    } else this.types.add(isInteger(value) ? 'integer' : 'number');
  }

  private objectSchema(): JsonSchema {
    const members = [...this.members];
    if (members.length > mostMembers) return { additionalProperties: true };
    const required = members.filter(([, { examples }]) => examples === this.objects).map(([name]) => name);
    const properties = Object.fromEntries(members.map(([name, { shape }]) => [name, shape.schema()]));
    return { properties, ...(required.length === 0 ? {} : { required }) };
  }
}

type Scalar = null | boolean | number | string | JsonNumber;

function isInteger(value: number | JsonNumber): boolean {
  return value instanceof JsonNumber ? /^-?\d+$/.test(value.source) : Number.isInteger(value);
}

/** Formats that hardly anything else looks like. */
function formatOf(text: string): string | null {
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)) return 'uuid';
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:\d\d)$/.test(text)) return 'date-time';
  return /^\d{4}-\d\d-\d\d$/.test(text) ? 'date' : null;
}
