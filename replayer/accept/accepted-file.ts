/**
 * The file of accepted values: a YAML list, an entry a place. Read whole or refused whole, naming the line: an entry that is
 * misread would expect what nobody accepted. Does no file access.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import { didYouMean } from '../../errors/did-you-mean';
import { WiretapeError } from '../../errors/wiretape-error';
import { type JsonValue, parseJson } from '../../tape/json/json';
import { formatPath, parsePath } from '../../tape/model/path';
import { callsRoot } from '../judge/difference';
import { type Accepted, isSameSide, nothing, type Side } from './accepted';

const keys = [
  'case',
  'name',
  'path',
  'recorded',
  'recorded-excerpt',
  'recorded-sha256',
  'accepted',
  'accepted-excerpt',
  'accepted-sha256',
  'because',
  'at',
];

/** More is no list that people review. */
const longestFile = 16 * 1024 * 1024;

/** `fileName` is for messages and the names of entries. Throws BAD_ACCEPTED, naming the line. */
export function parseAccepted(text: string, fileName: string): readonly Accepted[] {
  if (text.length > longestFile) throw badEntry(fileName, 'it is larger than 16 MiB');
  const lines = new LineCounter();
  const entries = itemsIn(text, fileName, lines).map((item) => entryOf(item, placeIn(item, lines, fileName)));
  refuseRepeats(entries);
  return entries;
}

function itemsIn(text: string, fileName: string, lines: LineCounter): readonly Node[] {
  const document = parsed(text, fileName, lines);
  const [problem] = document.errors;
  if (problem !== undefined) {
    const why = problem.message.split('\n')[0]?.replace(/:$/, '') ?? problem.message;
    throw badEntry(`${fileName}:${problem.linePos?.[0].line ?? 1}`, `it is not YAML: ${why}`);
  }
  const top = document.contents;
  if (top === null || (isScalar(top) && top.value === null)) return [];
  if (!isSeq(top)) throw badEntry(fileName, 'it is not a list');
  return top.items as Node[];
}

function parsed(text: string, fileName: string, lineCounter: LineCounter) {
  try {
    return parseDocument(text, { lineCounter });
  } catch (cause) {
    throw badEntry(fileName, `it is not YAML: ${(cause as Error).message}`); // nested deeper than the stack is
  }
}

interface Place {
  readonly name: string;
  readonly lines: Accepted['lines'];
}

function placeIn(item: Node, lines: LineCounter, fileName: string): Place {
  const [start = 0, end = 0] = item?.range ?? [];
  const [from, to] = [lines.linePos(start).line, lines.linePos(Math.max(start, end - 1)).line];
  return { name: `${fileName}:${from}`, lines: { from, to } };
}

function entryOf(item: Node, { name, lines }: Place): Accepted {
  if (!isMap(item)) throw badEntry(name, 'an entry is a mapping');
  const fields = fieldsOf(item, name);
  return {
    name,
    lines,
    caseId: textIn(fields, 'case', name),
    caseName: textIn(fields, 'name', name),
    path: pathIn(textIn(fields, 'path', name), name),
    recorded: sideIn(fields, 'recorded', name),
    accepted: sideIn(fields, 'accepted', name),
    because: textIn(fields, 'because', name),
  };
}

type Fields = ReadonlyMap<string, JsonValue>;

function fieldsOf(item: YAMLMap, at: string): Fields {
  const fields = new Map<string, JsonValue>();
  for (const { key: keyNode, value } of item.items) {
    const key = isScalar(keyNode) ? String(keyNode.value) : '';
    if (!keys.includes(key)) throw badEntry(at, `the key ${JSON.stringify(key)} is unknown${whatWasMeant(key)}`);
    fields.set(key, jsonOf(value as Node | null, at));
  }
  return fields;
}

function whatWasMeant(key: string): string {
  const near = didYouMean(key, keys);
  return near === undefined ? '' : `; did you mean \`${near}\`?`;
}

/** Numbers as they are written: a double may not hold them. */
function jsonOf(node: Node | null, at: string): JsonValue {
  if (node === null) return null;
  if (isAlias(node)) throw badEntry(at, 'it refers to another value by `*`: write the value out');
  if (isSeq(node)) return node.items.map((each) => jsonOf(each as Node | null, at));
  if (isMap(node)) {
    return Object.fromEntries(
      node.items.map(({ key, value }) => [String(isScalar(key) ? key.value : key), jsonOf(value as Node | null, at)]),
    );
  }
  const { value, source } = node as { value?: unknown; source?: string };
  if (typeof value === 'number' && source !== undefined) return parseJson(source) ?? value;
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value as JsonValue;
  throw badEntry(at, 'a value is no text, number, true, false, null, list or mapping');
}

function textIn(fields: Fields, key: string, at: string): string {
  const value = fields.get(key);
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || text.trim() === '') throw badEntry(at, `\`${key}\` is missing, or no text`);
  return text;
}

/** As reports write it. Calls of the build have names of their own. */
function pathIn(text: string, at: string): string {
  if (text.startsWith(callsRoot)) return text;
  try {
    return formatPath(parsePath(text));
  } catch (error) {
    throw badEntry(at, (error as Error).message);
  }
}

function sideIn(fields: Fields, key: 'recorded' | 'accepted', at: string): Side {
  const [value, excerpt, sha256] = [key, `${key}-excerpt`, `${key}-sha256`].map((name) => fields.get(name));
  if (excerpt === undefined && sha256 === undefined) return value === undefined ? nothing : { kind: 'value', value };
  if (value !== undefined) throw badEntry(at, `it has both \`${key}\` and a hash of it`);
  if (typeof excerpt === 'string' && typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)) {
    return { kind: 'hash', excerpt, sha256 };
  }
  throw badEntry(at, `\`${key}-excerpt\` is no text, or \`${key}-sha256\` is no SHA-256 in hexadecimal digits`);
}

/** Two that disagree about one place would both be wrong. */
function refuseRepeats(entries: readonly Accepted[]): void {
  for (const own of Map.groupBy(entries, ({ caseId, path }) => `${caseId} ${path}`).values()) {
    for (const [i, each] of own.entries()) {
      const before = own.slice(0, i).find((other) => isSameSide(other.recorded, each.recorded));
      if (before === undefined) continue;
      throw badEntry(each.name, `${before.name} speaks of the same place of case ${each.caseId}`);
    }
  }
}

function badEntry(at: string, why: string): WiretapeError {
  return new WiretapeError('BAD_ACCEPTED', `Cannot read the accepted value at ${at}: ${why}`, {
    remedy: [
      'Write it as  - { case: 3, name: "GET /items -> 200", path: body.total, recorded: 1, accepted: 2, because: "…" }',
      'or take it out, and accept it again:  wiretape accept',
    ],
  });
}
