/** Text on a page. Everything that was recorded, or said by the build, comes through here: it is input, and may want to be code. */
import { visibleText } from '../../../tape/visible-text';

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** As content of an element, and as a value of an attribute in quotes. */
export function escaped(text: string | number): string {
  return visibleText(String(text).toWellFormed()).replace(/[&<>"'`]/g, (c) => references[c] ?? '');
}
