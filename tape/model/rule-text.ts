/**
 * Makes rules as people write them YAML: in `{ in: response, path: body.items[*].at, because: "…" }` the brackets of the
 * path would end a plain text (YAML 1.2.2 section 7.3.3), so a path on such a line gets the quotes it lacks. Lines stay lines.
 */
export function withQuotedPaths(text: string): string {
  return text
    .split('\n')
    .map((line) => (/^\s*-\s*\{.*\}\s*(#.*)?$/.test(line) ? line.replace(bracketPath, quote) : line))
    .join('\n');
}

/** An unquoted path with a bracket, up to the next member of the rule or to its end. */
const bracketPath = /([{,]\s*path\s*:\s*)([a-z][^\s,]*\[.*?)(\s*(?:,\s*[\w-]+\s*:|\}))/;

function quote(_: string, before: string, path: string, after: string): string {
  return `${before}'${path.replaceAll("'", "''")}'${after}`;
}
