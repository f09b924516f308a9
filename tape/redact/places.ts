/**
 * The places that rules name, as one automaton: a walk through a message takes a step of it with every step of the path,
 * and knows at each place which rule covers it, however deep the place and however many wildcards the rules.
 */
import type { Path, PathPattern } from '../model/path';

interface PlaceRule {
  readonly name: string;
  readonly path: PathPattern;
}

interface Node {
  readonly names: Map<string | number, Node>;
  any: Node | undefined;
  /** What follows a `**`, which stays where it is for any number of steps. */
  deep: Node | undefined;
  isDeep: boolean;
  /** The first rule that ends here. */
  rule: { readonly order: number; readonly name: string } | undefined;
}

/** Where a walk stands. `rule` covers this place and everything below it. */
export interface Standing {
  readonly nodes: readonly Node[];
  readonly rule: string | undefined;
}

const nowhere: Standing = { nodes: [], rule: undefined };

export class Places {
  private readonly root = newNode(false);
  private readonly roots = new Set<string>();
  /** Names of members that rules end in, with the rule: all that is left to go by in JSON whose beginning was lost. */
  readonly lastNames = new Map<string, string>();

  constructor(rules: readonly PlaceRule[]) {
    rules.forEach(({ name, path }, order) => {
      let node = this.root;
      for (const step of asCompared(path)) node = childFor(node, step);
      node.rule ??= { order, name };
      this.roots.add(String(path[0]));
      const last = path.length > 1 && (path[0] === 'body' || path[0] === 'message') ? path.at(-1) : undefined;
      if (typeof last === 'string' && !this.lastNames.has(last)) this.lastNames.set(last, name);
    });
  }

  /** True where some rule names a place under this root: `body`, `query`, `header`, `trailer`, `message`. */
  has(root: string): boolean {
    return this.roots.has(root);
  }

  /** True where some rule may name a place at or below the path, by its root alone. */
  mayReach(path: Path): boolean {
    return this.roots.has(String(path[0])) || (isInMessage(path) && this.roots.has(String(path[2])));
  }

  /**
   * Where a walk stands that has come to a path. What a rule says of bodies it says of those of messages, too, and what it
   * says of `itemOf` of each of the texts that lie there.
   */
  at(path: Path, itemOf?: Path): Standing {
    const others = itemOf === undefined ? [] : [this.at(itemOf)];
    if (isInMessage(path)) others.push(this.from(path.slice(2)));
    return others.reduce(joined, this.from(path));
  }

  step(from: Standing, step: string | number): Standing {
    if (from.rule !== undefined || from.nodes.length === 0) return from;
    const next: Node[] = [];
    for (const node of from.nodes) {
      const named = node.names.get(step);
      if (named !== undefined) next.push(named);
      if (node.any !== undefined) next.push(node.any);
      if (node.isDeep) next.push(node);
    }
    return next.length === 0 ? nowhere : settled(next);
  }

  ruleAt(path: Path): string | undefined {
    return this.mayReach(path) ? this.at(path).rule : undefined;
  }

  private from(path: Path): Standing {
    let standing = settled([this.root]);
    for (const step of asCompared(path)) standing = this.step(standing, step);
    return standing;
  }
}

/** `message[3].body` and below. */
function isInMessage(path: Path): boolean {
  return path.length > 2 && path[0] === 'message';
}

/**
 * Many servers read `?SSN=` and `?ssn=` as the same field; who asks for one of them means both. Headers come in lower case.
 */
function asCompared<T extends Path | PathPattern>(path: T): T {
  const [root, name, ...rest] = path;
  return root === 'query' && typeof name === 'string' ? ([root, name.toLowerCase(), ...rest] as unknown as T) : path;
}

function joined(a: Standing, b: Standing): Standing {
  return { nodes: [...a.nodes, ...b.nodes], rule: a.rule ?? b.rule };
}

/** A `**` may stand for no step at all. */
function settled(nodes: readonly Node[]): Standing {
  const all = new Set<Node>();
  for (const node of nodes) for (let each: Node | undefined = node; each !== undefined; each = each.deep) all.add(each);
  const rules = [...all].flatMap(({ rule }) => (rule === undefined ? [] : [rule]));
  const first = rules.reduce<Node['rule']>((a, b) => (a === undefined || b.order < a.order ? b : a), undefined);
  return { nodes: [...all], rule: first?.name };
}

function newNode(isDeep: boolean): Node {
  return { names: new Map(), any: undefined, deep: undefined, isDeep, rule: undefined };
}

function childFor(node: Node, step: PathPattern[number]): Node {
  if (typeof step !== 'object') {
    const known = node.names.get(step) ?? newNode(false);
    node.names.set(step, known);
    return known;
  }
  if (step.wildcard === 'any') {
    node.any ??= newNode(false);
    return node.any;
  }
  node.deep ??= newNode(true);
  return node.deep;
}
