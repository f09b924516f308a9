/**
 * The noise file: a YAML list of places that may differ, each with its reason. Read once, refused whole on the first
 * thing that is not understood, because a rule that silently matches nothing, or too much, is worse than none.
 * Shared by the judge (`in: response`), by mocks (`in: request`) and by the judge of calls (`in: call`). Does no file access.
 */
import { isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import { didYouMean } from '../../errors/did-you-mean';
import { WiretapeError } from '../../errors/wiretape-error';
import { type FilterPattern, type FilterSubject, parseFilterPattern, subjectPasses } from '../../tape/model/filter';
import { coversPath, type Path, type PathPattern, parsePathPattern } from '../../tape/model/path';
import { withQuotedPaths } from '../../tape/model/rule-text';
import { type Allowance, type AllowanceKey, allowanceFrom, allowanceKeys, allows, type TwoValues } from './allowance';

/** `call`: whether a call of the build is made at all, how often, and for which case. */
export const noiseSides = ['request', 'response', 'call'] as const;
export type NoiseSide = (typeof noiseSides)[number];

export interface NoiseRule {
  /** How reports name it: `shop.noise.yaml:3`. */
  readonly name: string;
  /** The lines of the file it takes, counted from 1. */
  readonly lines: { readonly from: number; readonly to: number };
  readonly in: NoiseSide;
  /** Of a rule about whole calls: [] and ''. */
  readonly path: PathPattern;
  readonly pathText: string;
  /** Limits the rule to exchanges that fit; null for all. */
  readonly match: FilterPattern | null;
  /** How far the place may differ. */
  readonly allows: Allowance;
  readonly because: string;
}

const textKeys = ['in', 'path', 'match', 'because'];
const knownKeys = [...textKeys, ...allowanceKeys];
const rootsOf = {
  request: ['method', 'path', 'query', 'header', 'trailer', 'body', 'message'],
  response: ['status', 'header', 'trailer', 'body', 'bytes', 'outcome', 'message'],
};
const example = '- { in: response, path: body.items[*].at, because: "set by the clock" }';

/** Reads a noise file; `fileName` is for messages and rule names. Throws BAD_RULE, naming the line. */
export function parseNoiseRules(text: string, fileName: string): readonly NoiseRule[] {
  const lines = new LineCounter();
  const document = parseDocument(withQuotedPaths(text), { lineCounter: lines });
  const problem = document.errors[0];
  if (problem !== undefined) {
    throw badRule(`${fileName}:${problem.linePos?.[0].line ?? 1}`, `it is not YAML: ${firstLine(problem.message)}`);
  }
  const top = document.contents;
  if (top === null || (isScalar(top) && top.value === null)) return [];
  if (!isSeq(top)) throw badRule(fileName, 'it is not a list of rules');
  return top.items.map((item) => ruleOf(item as Node, placeIn(item as Node, lines, fileName)));
}

export interface NoisyPlace {
  readonly in: NoiseSide;
  readonly path: Path;
  readonly subject: FilterSubject;
}

/** The first rule that lets what differs at the place differ so, in this exchange. */
export function ruleFor(
  rules: readonly NoiseRule[],
  place: NoisyPlace & { readonly differs: TwoValues },
): NoiseRule | undefined {
  return rules.find((rule) => covers(rule, place) && allows(rule.allows, place.differs));
}

/** True when the rule speaks of the place in exchanges like this one, however far it lets it differ. */
export function covers(rule: NoiseRule, place: NoisyPlace): boolean {
  return rule.in === place.in && coversPath(rule.path, place.path) && fits(rule, place.subject);
}

/** True when the rule speaks of exchanges like this one. */
export function fits(rule: NoiseRule, subject: FilterSubject): boolean {
  return rule.match === null || subjectPasses(subject, { include: [rule.match] });
}

interface Place {
  readonly name: string;
  readonly lines: NoiseRule['lines'];
}

function ruleOf(item: Node, { name: at, lines }: Place): NoiseRule {
  if (!isMap(item)) throw badRule(at, 'a rule is a mapping');
  const fields = fieldsOf(item, at);
  const side = fields.get('in');
  if (!isNoiseSide(side)) throw badRule(at, `\`in\` is missing, or none of ${noiseSides.join(', ')}`);
  if (side === 'call') return callRule(fields, { name: at, lines });
  const pathText = required(fields, 'path', at);
  const path = patternOf(pathText, at);
  if (!rootsOf[side].includes(String(path[0]))) {
    throw badRule(at, `a ${side} has no \`${String(path[0])}\`; it has ${rootsOf[side].join(', ')}`);
  }
  const match = fields.get('match');
  return {
    name: at,
    lines,
    in: side,
    path,
    pathText,
    match: typeof match === 'string' ? filterOf(match, at) : null,
    allows: allowanceOf(fields, side, at),
    because: required(fields, 'because', at),
  };
}

/** About calls as a whole: a place in one is a place in a request. */
function callRule(fields: Fields, { name: at, lines }: Place): NoiseRule {
  const unfit = ['path', ...allowanceKeys].find((key) => fields.has(key));
  if (unfit !== undefined) {
    throw badRule(
      at,
      `\`${unfit}\` is for places, and the rule is about whole calls: for a place in one write \`in: request\``,
    );
  }
  return {
    name: at,
    lines,
    in: 'call',
    path: [],
    pathText: '',
    match: filterOf(required(fields, 'match', at), at),
    allows: { kind: 'anything' },
    because: required(fields, 'because', at),
  };
}

function isNoiseSide(text: unknown): text is NoiseSide {
  return noiseSides.some((side) => side === text);
}

type Fields = ReadonlyMap<string, unknown>;

function fieldsOf(item: YAMLMap, at: string): Fields {
  const fields = new Map<string, unknown>();
  for (const pair of item.items) {
    const key = isScalar(pair.key) ? String(pair.key.value) : '';
    if (!knownKeys.includes(key)) throw badRule(at, `the key ${JSON.stringify(key)} is unknown${whatWasMeant(key)}`);
    const value = isNode(pair.value) ? (pair.value.toJSON() as unknown) : undefined;
    if (textKeys.includes(key) && typeof value !== 'string') throw badRule(at, `\`${key}\` is not a text`);
    fields.set(key, value);
  }
  return fields;
}

function whatWasMeant(key: string): string {
  const near =
    didYouMean(key.toLowerCase(), knownKeys) ??
    knownKeys.find((known) => known[0] === key[0]?.toLowerCase() || key.toLowerCase().includes(known));
  return near === undefined ? '' : `; did you mean \`${near}\`?`;
}

function required(fields: Fields, key: string, at: string): string {
  const value = fields.get(key);
  if (typeof value !== 'string' || value.trim() === '') throw badRule(at, `\`${key}\` is missing`);
  return value;
}

/** Everything, where the rule does not say how far. */
function allowanceOf(fields: Fields, side: keyof typeof rootsOf, at: string): Allowance {
  const said = allowanceKeys.filter((key) => fields.has(key));
  const [key] = said;
  if (key === undefined) return { kind: 'anything' };
  if (said.length > 1) throw badRule(at, `it has both \`${said[0]}\` and \`${said[1]}\`: write two rules`);
  if (side === 'request' && key === 'order')
    throw badRule(at, '`order` is for answers, and the rule is about requests');
  const allowance = allowanceFrom(key satisfies AllowanceKey, fields.get(key));
  if ('refused' in allowance) throw badRule(at, allowance.refused);
  return allowance;
}

function patternOf(text: string, at: string): PathPattern {
  try {
    return parsePathPattern(text);
  } catch (error) {
    throw badRule(at, reasonIn(error), error);
  }
}

function filterOf(text: string, at: string): FilterPattern {
  try {
    return parseFilterPattern(text);
  } catch (error) {
    throw badRule(at, `\`match\`: ${reasonIn(error)}`, error);
  }
}

function reasonIn(error: unknown): string {
  return error instanceof WiretapeError ? error.message : String(error);
}

function placeIn(item: Node, lines: LineCounter, fileName: string): Place {
  const [start = 0, end = 0] = item?.range ?? [];
  const [from, to] = [lines.linePos(start).line, lines.linePos(Math.max(start, end - 1)).line];
  return { name: `${fileName}:${from}`, lines: { from, to } };
}

function firstLine(text: string): string {
  return text.split('\n')[0]?.replace(/:$/, '') ?? text;
}

function badRule(at: string, why: string, cause?: unknown): WiretapeError {
  return new WiretapeError('BAD_RULE', `Cannot read the noise rule at ${at}: ${why}`, {
    remedy: [
      `Write it as  ${example}`,
      'Optional: match: "GET */orders/**", and one of order: any, tolerance: 1%, one-of: [a, b], matches: "^a+$"',
    ],
    cause,
  });
}
