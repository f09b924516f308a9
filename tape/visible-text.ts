/** Recorded text made safe to show to people, on a terminal, in a log or on a page. Escapes nothing that a format itself means something by. */

/** C0, DEL, C1, and the marks that reorder what is shown around them (Trojan Source, CVE-2021-42574). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
export const unsafe = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Control characters become visible escapes; newlines and tabs stay. */
export function visibleText(text: string): string {
  return text.replace(unsafe, (c) => {
    const code = c.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** The same for text that must stay on one line. */
export function visibleLine(text: string): string {
  return visibleText(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

/**
 * JSON text that nobody who shows it acts on: JSON escapes C0 alone, and a reader may print the document as it is. Any
 * parser, of YAML too, gives back what was put in.
 */
export function safeJson(json: string): string {
  return json.replace(unsafe, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
