/** Reads the rules of gitleaks (../shared/corpora/redaction), and makes up secrets that fit their expressions. Nothing of it is kept here. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shapeOf } from '../../tape/redact/shape';
import type { Random } from './secrets';
import { textOf } from './shapes';

export interface ForeignRule {
  readonly id: string;
  readonly expression: string;
}

const file = join(__dirname, '../../../shared/corpora/redaction/gitleaks.toml');

/** Rules whose secrets have a prefix of their own, or undefined where the corpus is not on this machine. */
export function rulesWithPrefix(): readonly ForeignRule[] | undefined {
  if (!existsSync(file)) return undefined;
  const rules = readFileSync(file, 'utf8').split('[[rules]]').slice(1);
  return rules.flatMap((text) => {
    const id = /^id = "([^"]+)"/m.exec(text)?.[1];
    const expression = /^regex = '''([\s\S]*?)'''/m.exec(text)?.[1];
    return id === undefined || expression === undefined || needsAName(expression) ? [] : [{ id, expression }];
  });
}

/** The vendor's name has to stand beside it, or it is about files and command lines. */
function needsAName(expression: string): boolean {
  return /\[\\w\.-\]\{0,50\}|\\bcurl\\b|\\bkind:|<add key|secret_key|\(\[\\s\\S/.test(expression);
}

/** Null where the expression is beyond the dialect that shapes are read from. */
export function secretOf({ expression }: ForeignRule, random: Random): string | null {
  try {
    return textOf(shapeOf(inDialect(expression)), random);
  } catch {
    return null;
  }
}

/** Without what takes no text, and without what only ends the secret. */
function inDialect(expression: string): string {
  return expression
    .replaceAll('(?:[\\x60\'"\\s;]|\\\\[nr]|$)', '')
    .replaceAll('(?:[\\x60\'"\\s;]|\\\\[nr]|$|\\b)', '')
    .replaceAll('(?:[^a-zA-Z0-9+/]|\\z)', '')
    .replaceAll('(?:[^\\w-]|\\z)', '')
    .replaceAll('(?:^|[\\\\\'"\\x60\\s>=:(,)])', '')
    .replaceAll('(?:$|[\\\\\'"\\x60\\s<),])', '')
    .replaceAll('[[:alnum:]]', '[0-9A-Za-z]')
    .replaceAll('xoxe.xox', 'xoxe\\.xox') // dots that were meant as dots
    .replaceAll('hooks.slack.com', 'hooks\\.slack\\.com')
    .replaceAll('(\\||%)', '(?:\\||%7C)') // a percent sign alone begins the writing of the bar in a URL
    .replaceAll('\\x60', '`')
    .replace(/\(\?[a-z]*(?:-[a-z]+)?\)/g, '')
    .replace(/\(\?[a-z]*(?:-[a-z]+)?:/g, '(?:')
    .replace(/\(\?P<\w+>/g, '(?:')
    .replace(/(?<!\\)\((?!\?)/g, '(?:')
    .replace(/\\b|\\z/g, '')
    .replace(/\{(\d+),(\d+)\}/g, '{$1}');
}
