/** Members of JSON objects whose name comes again in the same object: readers take the first, the last, or none of them (RFC 8259 4). */

const token = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g;

interface Open {
  /** The text of the last value by name; null of a list. */
  readonly names: Map<string, string> | null;
  name: string | null;
  /** Where the value of `name` begins. */
  from: number;
}

/** Of a JSON text, each member that a later one of its name follows, as `name: value`, in the order in which they are followed. */
export function overwrittenMembers(text: string): readonly string[] {
  const overwritten: string[] = [];
  const open: Open[] = [];
  const endMember = (top: Open | undefined, at: number): void => {
    if (top?.names == null || top.name === null) return;
    const before = top.names.get(top.name);
    if (before !== undefined) overwritten.push(`${top.name}: ${before}`);
    top.names.set(top.name, text.slice(top.from, at).trim());
    top.name = null;
  };
  for (const { 0: found, index } of text.matchAll(token)) {
    const top = open.at(-1);
    if (found === '{' || found === '[') open.push({ names: found === '{' ? new Map() : null, name: null, from: index });
    else if (found === '}' || found === ']') {
      endMember(top, index);
      open.pop();
    } else if (found === ',') endMember(top, index);
    else if (found === ':' && top !== undefined) top.from = index + 1;
    else if (top?.names != null && top.name === null && found.startsWith('"')) top.name = nameIn(found);
  }
  return overwritten;
}

function nameIn(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return text; // of no JSON text, which has no members
  }
}
