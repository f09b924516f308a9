/** The one writer of a rule of a noise file: for rules that are learned, added, or shown to be pasted. Pure. */
import { safeJson } from '../../tape/visible-text';
import type { NoiseSide } from './rules';

export interface WrittenRule {
  readonly in: NoiseSide;
  /** Null of a rule about whole calls. */
  readonly path: string | null;
  readonly match: string | null;
  /** As a noise file has it: `order: any`, `tolerance: 5%`; null where anything may stand there. */
  readonly allows: string | null;
  readonly because: string;
}

/** One line of a noise file; `parseNoiseRules` reads it back. */
export function ruleLine({ in: side, path, match, allows, because }: WrittenRule): string {
  const members = [
    `in: ${side}`,
    ...(path === null ? [] : [`path: ${word(path)}`]),
    ...(allows === null ? [] : [allows]),
    ...(match === null ? [] : [`match: ${word(match)}`]),
    `because: ${escaped(because)}`,
  ];
  return `- { ${members.join(', ')} }`;
}

/** Plain where YAML takes it for the text that it is; in the quotes in which nothing needs an escape where that is enough. */
export function word(text: string): string {
  if (/^[A-Za-z][\w.-]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off)$/i.test(text)) return text;
  const shown = escaped(text);
  return shown.includes('\\u') || /[\n\t]/.test(text) ? shown : `'${text.replaceAll("'", "''")}'`;
}

function escaped(text: string): string {
  return safeJson(JSON.stringify(text));
}
