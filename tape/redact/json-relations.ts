/**
 * What parts of a JSON text say about other parts of it, which may come before them or after: a list of column names about
 * the rows of a table, a GraphQL document about its variables, the name of a method about its parameters. A first walk
 * learns facts, each kept by where the object or list begins that it is about; a second one goes by them.
 */
import { secretVariables } from './graphql';
import { JsonWalk, type Leaf, type Place } from './json-walk';
import { isLogin, isLoginName, isPassword } from './login';
import type { NameKind } from './names';

export type KindOf = (name: string) => NameKind | null;

/** What was learnt of one object or list. */
export interface Fact {
  /** The columns of its table that are secret, by number. */
  readonly columns: Map<number, NameKind>;
  /** Members of its `variables` that are secret. */
  readonly variables: Set<string>;
  /** Somebody logs in with its parameters. */
  logsIn: boolean;
}

/** By the offset of the brace or bracket. */
export type Facts = Map<number, Fact>;

/** What an object or list is to what lies around it. */
export type Role =
  | { readonly kind: 'rows'; readonly columns: ReadonlyMap<number, NameKind>; readonly hasHead: boolean }
  | { readonly kind: 'row'; readonly columns: ReadonlyMap<number, NameKind> }
  | { readonly kind: 'names'; readonly owner: number }
  | { readonly kind: 'head'; readonly owner: number; readonly cells: string[] }
  | { readonly kind: 'variables'; readonly names: ReadonlySet<string> }
  | { readonly kind: 'credentials' };

/** As much of an open object or list as is needed here. */
export interface RolePlace extends Place {
  readonly role: Role | null;
}

const listsOfNames =
  /^(?:columns?|cols|fields?|field_?names|column_?names|columnmetadata|headers?|heads?|head|meta|names|keys|attributes|schema)$/i;
const listsOfRows =
  /^(?:rows?|values?|data|data_?array|records?|results?|items|tuples|cells|body|entries|lines|content)$/i;
const singleRows = /^(?:row|values?|cells|tuple|record)$/i;
/** Objects that describe a table, and lie beside its rows. */
const descriptions =
  /^(?:schema|meta|metadata|manifest|header|head|result_?set|table_?schema|result_?set_?meta_?data)$/i;
const parameters = /^(?:params?|parameters|args|arguments|variables|input|payload|data|body|credentials?)$/i;
const columnNaming =
  /^(?:name|field|column|column_?name|field_?name|key|id|label|title|header|prop|property|accessor|data_?index|data_?field)$/i;
const methodNaming = /^(?:method|action|operation|operation_?name|op|cmd|command|procedure|function|func|event)$/i;

/** The role of an object or list that opens at `start`; `around` are those it lies in, the outermost first. */
export function roleOf(isArray: boolean, start: number, around: readonly RolePlace[], facts: Facts): Role | null {
  const own = facts.get(start);
  if (isArray && own !== undefined && own.columns.size > 0)
    return { kind: 'rows', columns: own.columns, hasHead: true };
  const parent = around.at(-1);
  if (parent === undefined) return null;
  return inList(isArray, parent) ?? (parent.isArray ? null : roleOfMember(isArray, around, facts));
}

/** Of what lies in a list or object that has a role itself. */
function inList(isArray: boolean, { role, index, name, start, isArray: isInArray }: RolePlace): Role | null {
  if (role === null) return isArray && isInArray && index === 0 ? { kind: 'head', owner: start, cells: [] } : null;
  if (role.kind === 'credentials' || (role.kind === 'names' && !isArray)) return role;
  if (role.kind !== 'rows' || (role.hasHead && isInArray && index === 0)) return null;
  if (!isArray) return isInArray ? role : null;
  return isInArray || membersOfRow.test(name) ? { kind: 'row', columns: role.columns } : null;
}

/** What the cells of a row are called where it is an object. */
const membersOfRow = /^(?:f|c|row|cells|values|data)$/i;

function roleOfMember(isArray: boolean, around: readonly RolePlace[], facts: Facts): Role | null {
  const parent = around.at(-1) as RolePlace;
  const fact = facts.get(parent.start);
  if (isArray && listsOfNames.test(parent.name) && !isNested(parent)) return { kind: 'names', owner: ownerOf(around) };
  if (isLoginName(parent.name)) return { kind: 'credentials' };
  if (fact === undefined) return null;
  if (isArray && fact.columns.size > 0 && listsOfRows.test(parent.name)) {
    return { kind: 'rows', columns: fact.columns, hasHead: false };
  }
  if (isArray) return null;
  if (fact.variables.size > 0 && parent.name === 'variables') return { kind: 'variables', names: fact.variables };
  return fact.logsIn && parameters.test(parent.name) ? { kind: 'credentials' } : null;
}

function isNested({ role }: RolePlace): boolean {
  return role?.kind === 'names';
}

/** The object whose rows the names are about. */
function ownerOf(around: readonly RolePlace[]): number {
  let at = around.length - 1;
  const most = Math.max(0, at - 3);
  while (at > most && around[at - 1]?.isArray === false && descriptions.test(around[at - 1]?.name ?? '')) at--;
  return (around[at] as RolePlace).start;
}

/** The facts of a text: none where nothing in it speaks of anything else. */
export function factsOf(text: string, kindOf: KindOf): Facts {
  if (!speaks.test(text)) return new Map();
  const walk = new Learning(text, kindOf);
  walk.run();
  return walk.facts;
}

/** What texts hold that facts are learnt from. */
const speaks = new RegExp(
  [
    '"(?:columns?|cols|fields?|(?:field|column)_?names|columnmetadata|headers?|heads?|meta|names|keys|attributes|schema)"\\s{0,20}:\\s{0,20}\\[',
    '"(?:query|mutation)"\\s{0,20}:\\s{0,20}"[^"]{0,9}[qms{]',
    '"(?:method|action|op|cmd|command|procedure|function|func|event|operation_?(?:name)?)"\\s{0,20}:\\s{0,20}"',
    '\\[\\s{0,20}\\[\\s{0,20}"',
  ].join('|'),
  'i',
);

class Learning extends JsonWalk<RolePlace> {
  readonly facts: Facts = new Map();

  constructor(
    text: string,
    private readonly kindOf: KindOf,
  ) {
    super(text);
  }

  protected opened(isArray: boolean, start: number): RolePlace {
    return { isArray, start, name: '', index: 0, role: roleOf(isArray, start, this.frames, this.facts) };
  }

  protected override passed(frame: RolePlace, isLast: boolean): void {
    if (isLast) learnHead(this.facts, frame, this.kindOf);
  }

  protected met(leaf: Leaf): void {
    if (leaf.type === 'string') learn(this.facts, this.frames, () => this.logical(leaf), this.kindOf);
  }
}

/** What a place says of a value by its role. */
export function kindByRole({ role, name, index, isArray }: RolePlace, parentName: string): NameKind | null {
  if (role === null) return null;
  if (role.kind === 'credentials') return !isArray && isPassword(name) ? 'secret' : null;
  if (role.kind === 'variables') return role.names.has(name) ? 'secret' : null;
  if (role.kind === 'row') return isArray ? (role.columns.get(index) ?? null) : null;
  return role.kind === 'rows' && !role.hasHead && isArray && singleRows.test(parentName)
    ? (role.columns.get(index) ?? null)
    : null;
}

/** Takes in what a string says of other places. */
function learn(facts: Facts, around: readonly RolePlace[], read: () => string, kindOf: KindOf): void {
  const place = around.at(-1);
  if (place === undefined) return;
  const parent = around.at(-2);
  if (place.role?.kind === 'head') place.role.cells.push(read().slice(0, longestName));
  else if (place.role?.kind === 'names' && (place.isArray || columnNaming.test(place.name)))
    learnColumn(facts, place.role.owner, (place.isArray ? place : parent)?.index ?? 0, kindOf(read()));
  if (place.isArray) return;
  if (place.name === 'query' || place.name === 'mutation') {
    for (const name of secretVariables(read(), kindOf)) factOf(facts, place.start).variables.add(name);
    if (isLogin(read())) factOf(facts, place.start).logsIn = true;
  } else if (methodNaming.test(place.name) && isLogin(read().slice(0, longestName))) {
    factOf(facts, place.start).logsIn = true;
  }
}

/** A first row of a list of rows is over: it may have been the names of their columns. */
function learnHead(facts: Facts, { role, index }: RolePlace, kindOf: KindOf): void {
  if (role?.kind !== 'head') return;
  const { cells, owner } = role;
  if (cells.length !== index + 1 || !areColumnNames(cells, kindOf)) return;
  for (const [i, cell] of cells.entries()) learnColumn(facts, owner, i, kindOf(cell));
}

const longestName = 64;
const mostColumns = 500;

/** Names each, and no two alike; of two, the first must not be a name whose value the second is. */
function areColumnNames(cells: readonly string[], kindOf: KindOf): boolean {
  if (cells.length < 2 || cells.length > mostColumns || new Set(cells).size < cells.length) return false;
  if (!cells.every((cell) => /^[A-Za-z_\u0080-\u00ff][\w .\u0080-\u00ff-]{0,60}$/.test(cell))) return false;
  return cells.length > 2 || kindOf(cells[0] ?? '') === null || usualColumn.test(cells[1] ?? '');
}

const usualColumn = /(?:^|[-_ ])(?:user|user[-_ ]?name|login|e-?mail|name|id|account|role)$/i;

function learnColumn(facts: Facts, owner: number, index: number, kind: NameKind | null): void {
  if (kind !== null && index < mostColumns) factOf(facts, owner).columns.set(index, kind);
}

function factOf(facts: Facts, start: number): Fact {
  const fact = facts.get(start) ?? { columns: new Map(), variables: new Set(), logsIn: false };
  facts.set(start, fact);
  return fact;
}
