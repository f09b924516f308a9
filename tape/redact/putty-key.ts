/** Private keys as PuTTY keeps them: lines of base64 after their count, and a code that guesses could be checked with. */
import type { Found } from './finder';

const opening = /(?<=Private-Lines:[ \t]{0,8}\d{1,4}\s{1,4})(?:[0-9A-Za-z+/=]{1,80}(?:\r?\n|$)){1,400}/g;
const code = /(?<=Private-MAC:[ \t]{0,8})[0-9a-f]{40,64}/g;

export function findPuttyKeys(text: string): readonly Found[] {
  if (!text.includes('Private-')) return [];
  return [opening, code].flatMap((expression) =>
    Array.from(text.matchAll(expression), ({ 0: found, index }) => ({
      start: index,
      end: index + found.trimEnd().length,
      rule: 'private-key',
    })),
  );
}
