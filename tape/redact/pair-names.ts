/**
 * How objects and lists say that one value names what another is: `{"name": "DB_PASSWORD", "value": "x"}`, `{k, v}`,
 * `{"type": "password", "value": "x"}`, `{"op": "replace", "path": "/password", "value": "x"}`, `["password", "x"]`,
 * `["--password", "x"]`; and how an object under a secret name holds its secret.
 */
import type { NameKind } from './names';

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');

/** Members of an object under a secret name that hold the secret: `"token": {"type": "Bearer", "value": "x"}`. */
const secretMembers = new Set(
  words(`value val v raw plain plaintext plain_text cleartext clear_text clear unencrypted text data content key id
    string str stringvalue secret current new old hash encrypted base64 b64 s $set set $eq from to before after
    newvalue new_value oldvalue old_value`),
);

/** Members that say what the value beside them is; `type` and `label` as in descriptions of forms. */
const naming = new Set(
  words(`name key k n header fieldname param parameter variable variablename var env attr
    property prop id label type title option parameterkey parameter_key`),
);

/** The same where nothing but the value of what they name stands beside them, whatever that is called. */
const strictNaming = new Set(
  words(`field field_name fieldid field_id column columnname column_name attribute attributename setting settingname
    setting_name envvar env_var parametername question`),
);

/** Members that hold the value beside a name. */
const holding = new Set(
  words(
    'value val v values defaultvalue default_value default currentvalue current_value newvalue stringvalue parametervalue parameter_value',
  ),
);

/** Members that hold it beside a strict one. */
const strictHolding = new Set(
  words(`to from old new before after answer data text content setting_value settingvalue oldvalue old_value new_value
    tostring fromstring`),
);

/** All of these. */
const telling = new Set([...naming, ...strictNaming, ...holding, ...strictHolding, 'op', 'path']);

/** False for most members: nothing here concerns them. */
export function mayNameOrHold(name: string): boolean {
  return telling.has(name) || telling.has(name.toLowerCase());
}

export function isSecretMember(name: string): boolean {
  return secretMembers.has(name.toLowerCase());
}

/** What one object said of the values in it. `M` is a member that may be one. */
export class NamedValue<M> {
  private promised: NameKind | null = null;
  private isStrict = false;
  private isPatch = false;
  private waiting: { readonly name: string; readonly member: M }[] = [];

  /** True where a string under this name may say what stands beside it. */
  isNaming(name: string): boolean {
    const lower = name.toLowerCase();
    if (lower === 'op') this.isPatch = true; // RFC 6902 4: what `path` leads to
    return naming.has(lower) || strictNaming.has(lower) || (this.isPatch && lower === 'path');
  }

  /** The string does; what it named already comes back. */
  promise(name: string, kind: NameKind): readonly { readonly name: string; readonly member: M }[] {
    this.promised = kind;
    this.isStrict ||= strictNaming.has(name.toLowerCase());
    const named = this.waiting.filter((one) => this.isHolding(one.name));
    this.waiting = [];
    return named;
  }

  /** What was promised of a value under this name; without a member, it may not come later. */
  kindOf(name: string, member?: M): NameKind | null {
    const lower = name.toLowerCase();
    if (!holding.has(lower) && !strictHolding.has(lower)) return null;
    if (this.promised !== null) return this.isHolding(name) ? this.promised : null;
    if (member !== undefined && this.waiting.length < mostWaiting) this.waiting.push({ name, member });
    return null;
  }

  private isHolding(name: string): boolean {
    const lower = name.toLowerCase();
    return holding.has(lower) || (this.isStrict && strictHolding.has(lower));
  }
}

const mostWaiting = 8;

/** `["password", "x"]`: what the elements of one list say of those after them. */
export class NamedElements<L> {
  private first: NameKind | null = null;
  private next: NameKind | null = null;
  /** The second of two or more, which the first may have named. */
  private held: L | null = null;

  private readonly isRaw: boolean;

  /** The list is called so by the object it lies in, '' where it lies in a list. */
  constructor(private readonly list: string) {
    this.isRaw = /^raw_?headers$/i.test(list);
  }

  /** Whether an element that begins with this character is worth reading. */
  isWorthIt(index: number, code: number): boolean {
    return (
      this.isRaw ||
      index === 0 ||
      this.next !== null ||
      this.held !== null ||
      code === hyphen ||
      (index === 1 && this.first !== null)
    );
  }

  /** What is known of the element by those before it; `waits` where the end of the list will tell. */
  meet(
    index: number,
    element: L,
    text: string | null,
    kindOf: (name: string) => NameKind | null,
  ): NameKind | 'waits' | null {
    const promised = this.next;
    this.next = text === null ? null : this.promiseOf(index, text, kindOf);
    if (promised !== null && text?.startsWith('-') !== true) return promised;
    if (index === 0)
      this.first = text === null || /\s/.test(text) || listsOfNames.test(this.list) ? null : kindOf(text);
    if (index !== 1 || this.first === null) return null;
    this.held = element;
    return 'waits';
  }

  /** What waited, once an element is over; with its kind where it was the last one and nothing speaks against it. */
  release(isLast: boolean): { readonly element: L; readonly kind: NameKind | null } | null {
    if (this.held === null) return null;
    const element = this.held;
    this.held = null;
    return { element, kind: isLast ? this.first : null };
  }

  private promiseOf(index: number, text: string, kindOf: (name: string) => NameKind | null): NameKind | null {
    if (this.isRaw) return index % 2 === 0 ? kindOf(text) : null;
    return /^--?[A-Za-z][\w.-]*$/.test(text) ? kindOf(text.replace(/^-+/, '')) : null;
  }
}

const hyphen = 0x2d;

/** Lists of names, where one never is the value of another. */
const listsOfNames =
  /^(?:required|path|loc|fields?|columns?|include|exclude|select|keys?|names?|order|order_?by|sort|sort_?by|group_?by|attributes|properties|props|hidden|guarded|fillable|only|except|enum|allowed|types?|scopes?|tags|labels|errors?|unique|primary_?key|headers)$/i;

/** Whether the second of a pair that stands alone, in no list of pairs, is more than a further name. */
export function isMoreThanName(value: string): boolean {
  return !/\s/.test(value) && !/^[A-Za-z_.:-]*$/.test(value);
}
