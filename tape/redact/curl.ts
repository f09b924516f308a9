/** The password in `curl -u user:password`, as it stands in documentation, tickets and logs. */
import type { Edit } from './ledger';
import { escapeSource, notBehind } from './word-start';

const command = new RegExp(`${notBehind('[\\w.-]')}curl(?=\\s|${escapeSource})`, 'gi');
const userOption = new RegExp(
  `(?<=\\s|${escapeSource})(?:-[uU][ \\t=]{0,4}|--(?:proxy-)?user[ \\t=]{1,4})(?:"[^\\s:"']{1,200}:((?:[^"\\\\]|\\\\.){1,400})(?="|$)|'[^\\s:"']{1,200}:([^']{1,400})(?='|$)|["']?[^\\s:"']{1,200}:([^\\s"']{1,400}))`,
  'g',
);

/** How far the option may stand from the command; a longer one has no words in it that people wrote. */
const longestCommand = 2000;

export function curlPasswords(text: string, take: (secret: string) => string): Edit[] {
  const commands = [...text.matchAll(command)].map(({ index }) => index);
  let next = 0;
  return commands.flatMap((start, i) => {
    const end = Math.min(commands[i + 1] ?? text.length, start + longestCommand);
    if (start < next) return [];
    next = end;
    return [...text.slice(start, end).matchAll(userOption)].map(({ 0: all, 1: double, 2: single, 3: bare, index }) => {
      const secret = double ?? single ?? bare ?? '';
      const at = start + index + all.length - secret.length;
      return { start: at, end: at + secret.length, text: take(secret) };
    });
  });
}
