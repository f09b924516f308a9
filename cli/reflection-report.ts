/** What is said of descriptors that servers told, at the end of a recording and of an import. Pure: counts in, lines out. */
import type { ReflectionStats } from '../recorder/learn/reflected-files';
import { count, visibleLine } from './terminal';

/** How many contested files are named. */
const mostNames = 5;

/** [] where nothing was told. */
export function reflectionLines({ files, contested, refused, waiting, overLimit }: ReflectionStats): readonly string[] {
  const named = contested.slice(0, mostNames).map(visibleLine).join(', ');
  const more = contested.length > mostNames ? `, and ${contested.length - mostNames} more` : '';
  const lines = [
    ...(files > 0 ? [`${count(files, 'file')} that servers told by reflection name the fields of messages`] : []),
    ...(contested.length > 0
      ? [`told in several ways, of which --proto-set counts, else the first: ${named}${more}`]
      : []),
    ...(refused > 0 ? [`${count(refused, 'descriptor')} not taken: none, not of one piece, or redacted in part`] : []),
    ...(waiting > 0 ? [`${count(waiting, 'file')} not taken: what they import was not told`] : []),
    ...(overLimit > 0 ? [`${count(overLimit, 'file')} not taken: more than is kept of one recording`] : []),
  ];
  return lines.map((line, i) => `  ${(i === 0 ? 'described' : '').padEnd(11)}${line}`);
}
