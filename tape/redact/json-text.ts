/**
 * Redacts JSON in place: only secrets change, every other byte stays as it was on the wire, repeats and odd numbers
 * included. Says where the text is cut or damaged; the caller then looks again by lexical rules. Bytes read as latin1.
 */
import type { Path } from '../model/path';
import { findCards, isCardNumber, reachOfHints } from './card';
import { Company, isOfCompany } from './company';
import { redactCredential } from './credentials';
import { isHarmless } from './harmless';
import { type Facts, factsOf, kindByRole, type Role, type RolePlace, roleOf } from './json-relations';
import { escapeJson } from './json-strings';
import { JsonWalk, type Leaf } from './json-walk';
import { applyEdits, type Edit, mostSteps, readable } from './ledger';
import { isCredentialsName, looksLikeCredentials } from './login';
import { longestName, type NameKind } from './names';
import { isMoreThanName, isSecretMember, mayNameOrHold, NamedElements, NamedValue } from './pair-names';
import type { Standing } from './places';
import { mayHoldSecret } from './scope';
import { looksLikeJson, redactText, redactWrittenName, type TextContext } from './text';

export interface RedactedJson {
  readonly text: string;
  /** True where the text was JSON from beginning to end (or several JSON texts in a row). */
  readonly isWhole: boolean;
}

export function redactJson(text: string, context: TextContext): RedactedJson {
  const scan = new Scan(text, context);
  scan.run();
  return { text: applyEdits(text, scan.edits), isWhole: scan.isWhole };
}

/** What an open array or object knows of itself. */
interface Frame extends RolePlace {
  /** The kind of the name the whole frame stands under. */
  readonly inherited: NameKind | null;
  /** Where the frame itself stands among the places that rules name. */
  readonly standing: Standing | undefined;
  /** Members that name each other's values, or are secrets beside each other. */
  named: NamedValue<Leaf> | undefined;
  company: Company<Leaf> | undefined;
  /** Elements that name the next one. */
  elements: NamedElements<Leaf> | undefined;
}

class Scan extends JsonWalk<Frame> {
  readonly edits: Edit[] = [];
  /** Undefined where no rule names a place in here. */
  private readonly standing: Standing | undefined;
  private readonly facts: Facts;

  constructor(
    text: string,
    private readonly context: TextContext,
  ) {
    super(text);
    const { rules, path, detection, itemOf } = context;
    this.standing = rules.places.mayReach(path) ? rules.places.at(path, itemOf) : undefined;
    this.facts = factsOf(text, (name) => detection.kindOfName(name));
  }

  protected opened(isArray: boolean, start: number): Frame {
    const parent = this.frames.at(-1);
    return {
      isArray,
      start,
      inherited: this.kindHere() ?? parent?.named?.kindOf(parent.name) ?? null,
      standing: this.standingHere(),
      role: roleOf(isArray, start, this.frames, this.facts) ?? this.rootRole(parent),
      name: '',
      index: 0,
      named: undefined,
      company: undefined,
      elements: undefined,
    };
  }

  /** Of the outermost object, where the place of the whole text says more than the text. */
  private rootRole(parent: Frame | undefined): Role | null {
    const { variables } = this.context;
    return parent === undefined && variables !== undefined ? { kind: 'variables', names: variables } : null;
  }

  protected override named(frame: Frame, start: number, end: number): string {
    const name = super.named(frame, start, end);
    const isWorthIt = this.context.rules.finders.length > 0 || name.length >= shortestLooked;
    if (!isWorthIt || !mayHoldSecret(name, this.context)) return name;
    // A name may itself be a secret, as in a map from tokens to users.
    // The ledger names the object it stands in: a path through the secret would tell it.
    const path = this.pathTo(this.frames.length - 1);
    const redacted = redactWrittenName(name, { ...this.context, path, itemOf: undefined, isCut: false });
    if (redacted !== name) this.edits.push({ start, end, text: escapeJson(redacted) });
    return redacted;
  }

  protected override passed(frame: Frame, isLast: boolean): void {
    const waited = frame.elements?.release(isLast) ?? null;
    if (waited === null) return;
    const { element, kind } = waited;
    if (kind !== null && this.isValueOfPair(element)) this.take(element, kind, undefined);
    else this.look(element);
  }

  /** In a list of pairs anything may be the value; a pair alone may also be two names. */
  private isValueOfPair(element: Leaf): boolean {
    const value = this.logical(element);
    if (this.context.detection.kindOfName(value) !== null) return false;
    return this.frames.at(-2)?.isArray === true || (element.type === 'string' && isMoreThanName(value));
  }

  protected met(leaf: Leaf): void {
    const frame = this.frames.at(-1);
    const rule = this.standing === undefined ? undefined : this.standingHere()?.rule;
    const kind = rule === undefined ? (this.kindHere() ?? this.kindOfItself(leaf)) : 'secret';
    if (kind !== null) this.take(leaf, kind, rule);
    else if (frame !== undefined && this.isNamedBeside(frame, leaf)) this.isWhole &&= !leaf.isOpen;
    else this.look(leaf);
  }

  /** By its looks, and by what stands in it. */
  private look(leaf: Leaf): void {
    if (leaf.type === 'string') this.search(leaf);
    else this.searchNumber(leaf);
  }

  /** True where what stands beside it says what it is, or will. */
  private isNamedBeside(frame: Frame, leaf: Leaf): boolean {
    return frame.isArray ? this.isElement(frame, leaf) : this.isInCompany(frame, leaf) || this.isPaired(frame, leaf);
  }

  /** Credentials in one string need a look of their own: their name is that of references and settings, too. */
  private kindOfItself(leaf: Leaf): NameKind | null {
    const frame = this.frames.at(-1);
    if (frame === undefined || frame.isArray || leaf.type !== 'string' || !isCredentialsName(frame.name)) return null;
    return looksLikeCredentials(this.logical(leaf)) ? 'secret' : null;
  }

  private isElement(frame: Frame, leaf: Leaf): boolean {
    const above = this.frames.at(-2);
    frame.elements ??= new NamedElements(above === undefined || above.isArray ? '' : above.name);
    if (!frame.elements.isWorthIt(frame.index, this.text.charCodeAt(leaf.start))) return false;
    const text = leaf.type === 'string' && leaf.end - leaf.start <= longestWritten ? this.logical(leaf) : null;
    const kind = frame.elements.meet(frame.index, leaf, text, (name) => this.context.detection.kindOfName(name));
    if (kind !== null && kind !== 'waits') this.take(leaf, kind, undefined);
    return kind !== null;
  }

  /** True where the leaf itself is a secret by what stands beside it; one that came before may be taken now, too. */
  private isInCompany(frame: Frame, leaf: Leaf): boolean {
    if (leaf.type !== 'string' || !isOfCompany(frame.name)) return false;
    frame.company ??= new Company();
    const secret = frame.company.meet(frame.name, this.logical(leaf), leaf);
    for (const { name, member } of secret) this.take(member, 'secret', undefined, name);
    return secret.some(({ member }) => member === leaf);
  }

  /** `{"name": …, "value": …}` in either order; true where the leaf was dealt with. */
  private isPaired(frame: Frame, leaf: Leaf): boolean {
    if (!mayNameOrHold(frame.name)) return false;
    frame.named ??= new NamedValue();
    if (leaf.type === 'string' && frame.named.isNaming(frame.name)) {
      const isShort = leaf.end - leaf.start <= longestWritten;
      const kind = isShort ? this.context.detection.kindOfName(this.logical(leaf)) : null;
      if (kind === null) return false;
      for (const { name, member } of frame.named.promise(frame.name, kind)) this.take(member, kind, undefined, name);
      return true;
    }
    const kind = frame.named.kindOf(frame.name, leaf);
    if (kind !== null) this.take(leaf, kind, undefined);
    return kind !== null;
  }

  private take(leaf: Leaf, kind: NameKind, rule: string | undefined, member?: string): void {
    const before = this.logical(leaf);
    if (rule === undefined && isHarmless(before, this.surrounding())) return;
    if (leaf.type === 'number' && rule === undefined && !leaf.isOpen && before.replace(/\D/g, '').length < 3) return;
    const path = member === undefined ? this.path() : [...this.pathTo(this.frames.length - 1), member];
    const after = redactCredential(kind, before, (secret, builtIn) =>
      this.context.ledger.take(secret, rule ?? builtIn, path, isInteger(leaf, secret) ? 'integer' : 'text'),
    );
    if (after !== before) this.replace(leaf, after);
  }

  /** A string of its own: what is secret in it is known by its looks, or stands in text within the text. */
  private search(leaf: Leaf): void {
    const before = this.logical(leaf);
    if (this.context.rules.finders.length === 0 && before.length < 4) return;
    const isWorthIt = (this.standing !== undefined && looksLikeJson(before)) || mayHoldSecret(before, this.context);
    if (!isWorthIt) return;
    const after = redactText(before, {
      ...this.context,
      path: this.path(),
      itemOf: undefined,
      isCut: leaf.isOpen,
      around: this.around(leaf),
    });
    if (after !== before) this.replace(leaf, after);
  }

  /** A number is a card as a whole; patterns may find something in it, which then must leave it a number. */
  private searchNumber(leaf: Leaf): void {
    const digits = this.text.slice(leaf.start, leaf.end);
    if (/^\d{12,19}$/.test(digits) && isCardNumber(digits) && this.isCard(digits, leaf)) {
      this.replace(leaf, this.context.ledger.take(digits, 'card-number', this.path(), 'integer'));
      return;
    }
    const [found] = this.context.rules.finders.flatMap((finder) => finder.find(digits));
    if (found === undefined) return;
    this.replace(
      leaf,
      this.context.ledger.take(digits, found.rule, this.path(), isInteger(leaf, digits) ? 'integer' : 'text'),
    );
  }

  private isCard(digits: string, leaf: Leaf): boolean {
    return findCards(digits, { names: this.path().slice(-4).map(String), around: this.around(leaf) }).length > 0;
  }

  private around({ start, end }: Leaf): string {
    const { text } = this;
    return `${text.slice(Math.max(0, start - reachOfHints), start)} ${text.slice(end, end + reachOfHints)}`;
  }

  /** The name a value stands under, and that of the object or list around it. */
  private surrounding(): { readonly name: string; readonly parent: string } {
    const top = this.frames.length - 1;
    const own = this.frames[top]?.isArray === true ? top - 1 : top;
    const above = this.frames[own - 1]?.isArray === true ? own - 2 : own - 1;
    return { name: this.frames[own]?.name ?? '', parent: this.frames[above]?.name ?? '' };
  }

  private replace(leaf: Leaf, after: string): void {
    this.edits.push({ start: leaf.start, end: leaf.end, text: leaf.type === 'string' ? escapeJson(after) : after });
  }

  /** What the place where the next value stands says about it. */
  private kindHere(): NameKind | null {
    const frame = this.frames.at(-1);
    if (frame === undefined) return null;
    const above = this.frames.at(-2);
    const byRole = frame.role === null ? null : kindByRole(frame, above?.isArray === false ? above.name : '');
    if (frame.isArray) return byRole ?? frame.inherited;
    const kind = this.context.detection.kindOfName(frame.name) ?? byRole;
    if (kind !== null || frame.inherited === null) return kind;
    return isSecretMember(frame.name) ? frame.inherited : null;
  }

  private standingHere(): Standing | undefined {
    const frame = this.frames.at(-1);
    if (frame?.standing === undefined) return this.standing;
    return this.context.rules.places.step(frame.standing, frame.isArray ? frame.index : readable(frame.name));
  }

  private path(): Path {
    return this.pathTo(this.frames.length);
  }

  /** The ledger writes down no more steps than these, so no more are made. */
  private pathTo(depth: number): Path {
    const steps = this.frames.slice(0, Math.min(depth, mostSteps)).map(stepOf);
    return [...this.context.path, ...steps];
  }
}

function stepOf(frame: Frame): string | number {
  return frame.isArray ? frame.index : readable(frame.name.slice(0, longestStep));
}

/** More than a ledger's path can hold. */
const longestStep = 1100;

/** Shorter names are neither keys nor secrets seen before. */
const shortestLooked = 8;
/** A name of the longest that names a secret, each letter written as an escape. */
const longestWritten = longestName * 6;

function isInteger(leaf: Leaf, secret: string): boolean {
  return leaf.type === 'number' && /^-?\d+$/.test(secret);
}
