/**
 * Redaction rules from a file, in YAML or JSON: a list of places and patterns. Whatever cannot be understood is refused
 * at once, with what to type instead: a rule that silently does nothing is a leak.
 */
import { parseDocument } from 'yaml';
import { didYouMean } from '../../errors/did-you-mean';
import { WiretapeError } from '../../errors/wiretape-error';
import { parsePathPattern } from '../model/path';
import { withQuotedPaths } from '../model/rule-text';
import { builtInRules } from './built-in';
import type { RedactionRule, Side } from './rules';
import { compilePattern } from './user-pattern';

const memberNames = ['in', 'path', 'pattern', 'name'];
const sides = ['request', 'response', 'both'];
const roots = ['body', 'header', 'trailer', 'query', 'message'];
const example = '- { in: request, path: body.user.ssn }   or   - { pattern: "EMP-\\\\d{6}", name: employee }';

/** The rules of a file. Throws BAD_RULE; `fileName` is for the message only. */
export function parseRedactionRules(text: string, fileName: string): readonly RedactionRule[] {
  const content = parseYaml(text, fileName);
  if (content === null) return [];
  if (!Array.isArray(content)) throw badRule(fileName, 'it is no list of rules', `Write  ${example}`);
  const rules = content.map((item, i) => ruleOf(item, `rule ${i + 1} of ${fileName}`));
  refuseRepeatedNames(rules, fileName);
  return rules;
}

/** More is no list that a person wrote, and a few lines of YAML can stand for gigabytes. */
const longestFile = 1024 * 1024;

function parseYaml(text: string, fileName: string): unknown {
  if (text.length > longestFile) throw badRule(fileName, 'it is larger than 1 MiB', 'Keep only rules in it');
  const document = parseDocument(withQuotedPaths(text));
  const [error] = document.errors;
  if (error !== undefined) throw badRule(fileName, error.message.split('\n')[0] ?? '', `Write  ${example}`);
  try {
    return document.toJS() as unknown;
  } catch (cause) {
    throw badRule(fileName, (cause as Error).message, 'Write each rule out, without aliases of aliases');
  }
}

function ruleOf(item: unknown, where: string): RedactionRule {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    throw badRule(where, 'it is no rule', `Write  ${example}`);
  }
  const members = item as Record<string, unknown>;
  for (const name of Object.keys(members)) refuseUnknown(name, where);
  const side = sideOf(members.in, where);
  const name = nameOf(members.name, where);
  if (members.path !== undefined && members.pattern !== undefined) {
    throw badRule(where, 'it has both a path and a pattern', 'Write two rules');
  }
  if (members.path !== undefined) return pathRule(textOf(members.path, 'path', where), { side, name, where });
  if (members.pattern !== undefined)
    return patternRule(textOf(members.pattern, 'pattern', where), { side, name, where });
  throw badRule(where, 'it has neither a path nor a pattern', `Write  ${example}`);
}

interface RuleParts {
  readonly side: Side | 'both';
  readonly name: string | undefined;
  readonly where: string;
}

function pathRule(text: string, { side, name, where }: RuleParts): RedactionRule {
  const path = parsePathPattern(text);
  if (!roots.includes(String(path[0]))) {
    throw badRule(
      where,
      `${JSON.stringify(text)} is no place that redaction changes`,
      `Begin it with ${roots.join(', ')}`,
    );
  }
  if (path.length === 1 && path[0] !== 'body') {
    throw badRule(where, `${JSON.stringify(text)} names no ${text}`, remedyFor(text));
  }
  return { kind: 'path', name: name ?? text, in: side, path };
}

function remedyFor(root: string): string {
  return root === 'message'
    ? 'Write message[*].body, or message[*].body.name'
    : `Write ${root}.name, or ${root}["x-name"]`;
}

function patternRule(text: string, { side, name, where }: RuleParts): RedactionRule {
  if (name === undefined) throw badRule(where, 'a pattern needs a name', `Add  name: what-it-finds`);
  const compiled = compilePattern(text, name);
  if (compiled.kind === 'refused') throw badRule(where, compiled.why, compiled.remedy);
  return { kind: 'pattern', name, in: side, source: text, finder: compiled.finder };
}

function sideOf(value: unknown, where: string): Side | 'both' {
  if (value === undefined) return 'both';
  if (typeof value === 'string' && sides.includes(value)) return value as Side | 'both';
  const meant = didYouMean(String(value), sides);
  const remedy = meant === undefined ? `Write  in: ${sides.join(', in: ')}` : `Did you mean  in: ${meant}?`;
  throw badRule(where, `${JSON.stringify(value)} is no side of an exchange`, remedy);
}

function nameOf(value: unknown, where: string): string | undefined {
  return value === undefined ? undefined : textOf(value, 'name', where);
}

function textOf(value: unknown, member: string, where: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw badRule(where, `${member} is no text`, `Write it in quotes:  ${member}: '…'`);
}

function refuseUnknown(name: string, where: string): void {
  if (memberNames.includes(name)) return;
  const meant = didYouMean(name, memberNames);
  const remedy = meant === undefined ? `A rule may hold ${memberNames.join(', ')}` : `Did you mean ${meant}?`;
  throw badRule(where, `it holds ${JSON.stringify(name)}, which no rule knows`, remedy);
}

function refuseRepeatedNames(rules: readonly RedactionRule[], fileName: string): void {
  const taken = new Set(builtInRules);
  for (const { name } of rules) {
    if (taken.has(name))
      throw badRule(fileName, `the name ${JSON.stringify(name)} is taken`, 'Give the rule another name');
    taken.add(name);
  }
}

function badRule(where: string, why: string, remedy: string): WiretapeError {
  return new WiretapeError('BAD_RULE', `Cannot use ${where}: ${why}`, { remedy });
}
