/** A value of a file together with where it stands, so that whatever does not fit is refused by its place. */

/** Something in the file is not what its format asks for; the importer adds the file's name. */
export class Misfit extends Error {
  constructor(
    readonly where: string,
    readonly what: string,
  ) {
    super(`${where}: ${what}`);
  }
}

type Members = Readonly<Record<string, unknown>>;

export class Place {
  constructor(
    private readonly value: unknown,
    readonly where: string,
  ) {}

  get isTrue(): boolean {
    return this.value === true;
  }

  get isMissing(): boolean {
    return this.value === undefined || this.value === null;
  }

  /** The member of that name; of what is no object it is missing. */
  at(name: string): Place {
    const members = isObject(this.value) ? this.value : {};
    const below = Object.hasOwn(members, name) ? members[name] : undefined;
    return new Place(below, this.where === '' ? name : `${this.where}.${name}`);
  }

  /** Throws where it is there and no object, or is missing. */
  object(): this {
    if (!isObject(this.value)) throw this.misfit('an object');
    return this;
  }

  names(): readonly string[] {
    return isObject(this.value) ? Object.keys(this.value) : [];
  }

  list(): readonly Place[] {
    if (!Array.isArray(this.value)) throw this.misfit('a list');
    return this.value.map((item, i) => new Place(item, `${this.where}[${i}]`));
  }

  /** No items where it is missing. */
  listOrNone(): readonly Place[] {
    return this.isMissing ? [] : this.list();
  }

  /** Of whatever is no list, `other`. */
  listOr(other: readonly Place[]): readonly Place[] {
    return Array.isArray(this.value) ? this.list() : other;
  }

  text(): string {
    if (typeof this.value === 'string') return this.value;
    throw this.misfit('text');
  }

  textOrNull(): string | null {
    return this.isMissing ? null : this.text();
  }

  /** Of whatever is no text, `other`. */
  textOr<T>(other: T): string | T {
    return typeof this.value === 'string' ? this.value : other;
  }

  /** Text, or what stands for text in formats that write numbers and switches bare. */
  scalarText(): string {
    if (typeof this.value === 'number' || typeof this.value === 'boolean') return String(this.value);
    return this.isMissing ? '' : this.text();
  }

  integer(): number {
    if (Number.isSafeInteger(this.value)) return this.value as number;
    throw this.misfit('a whole number');
  }

  /** Null for whatever is no number: of numbers that are only told for information. */
  numberOrNull(): number | null {
    return typeof this.value === 'number' && Number.isFinite(this.value) ? this.value : null;
  }

  misfit(wanted: string): Misfit {
    return new Misfit(this.where, `${this.isMissing ? 'nothing' : kindOf(this.value)} where ${wanted} belongs`);
  }
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? 'text' : `a ${typeof value}`;
}
