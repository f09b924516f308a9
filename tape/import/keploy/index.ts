/**
 * Keploy's test sets: a YAML file a test, which becomes an inbound exchange, and files of mocks, which become outbound
 * ones, caused by the test during which they happened. Protocols other than HTTP are counted and left out, and so is
 * noise: it is declared in a file of its own here.
 */
import { parseAllDocuments } from 'yaml';
import { exchangesOf, type HttpDraft } from '../draft';
import { type Imported, type Importer, type ImportFile, misfitIn, Notes, unreadable } from '../importer';
import { Misfit, Place } from '../place';
import { draftOf } from './exchange';

const title = 'a Keploy test set';

export const keploy: Importer = {
  name: 'keploy',
  title,
  knowsDirection: true,
  recognises: (files) => files.some(isKeploy),
  read,
};

function isKeploy({ path, bytes }: ImportFile): boolean {
  if (!isYaml(path)) return false;
  const beginning = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 4096)).toString('utf8');
  return /^version:\s*["']?api\.keploy\.io\//m.test(beginning);
}

function isYaml(path: string): boolean {
  return /\.ya?ml$/i.test(path);
}

interface Sorted {
  readonly tests: readonly HttpDraft[];
  readonly mocks: readonly HttpDraft[];
}

function read(files: readonly ImportFile[]): Imported {
  const notes = new Notes();
  const noise = new Set<string>();
  const sets = new Map<string, { tests: HttpDraft[]; mocks: HttpDraft[] }>();
  for (const file of files.filter(({ path }) => isYaml(path)).toSorted(byName)) {
    const folder = setOf(file.path);
    const set = sets.get(folder) ?? { tests: [], mocks: [] };
    sets.set(folder, set);
    for (const place of documentsIn(file)) add(place, file, { set, notes, noise });
  }
  const drafts = [...sets.values()].flatMap(withCauses);
  return { exchanges: exchangesOf(drafts), notes: [...notes.lines(), ...noiseNote(noise)] };
}

/** `test-2.yaml` before `test-10.yaml`. */
function byName(a: ImportFile, b: ImportFile): number {
  return a.path.localeCompare(b.path, 'en', { numeric: true });
}

/** The folder of the set: tests lie one below it. */
function setOf(path: string): string {
  return path.replace(/[^/]*$/, '').replace(/(^|\/)tests\/$/, '$1');
}

function documentsIn({ path, bytes }: ImportFile): readonly Place[] {
  const documents = parseAllDocuments(new TextDecoder().decode(bytes));
  // A text without any document is told by an object of its own kind; there is nothing in it.
  if (!Array.isArray(documents)) return [];
  return documents.map((document, i) => {
    const where = documents.length === 1 ? '' : `document ${i + 1}`;
    const [error] = document.errors;
    if (error !== undefined) throw unreadable(title, path, `it is not YAML: ${error.message.split('\n')[0]}`);
    try {
      return new Place(document.toJS() as unknown, where);
    } catch (cause) {
      throw unreadable(title, path, (cause as Error).message, cause);
    }
  });
}

interface Gathered {
  readonly set: { tests: HttpDraft[]; mocks: HttpDraft[] };
  readonly notes: Notes;
  readonly noise: Set<string>;
}

function add(place: Place, file: ImportFile, { set, notes, noise }: Gathered): void {
  if (place.isMissing) return;
  try {
    const kind = place.object().at('kind').scalarText();
    const isTest = /(^|\/)tests\//.test(file.path) || !place.at('spec').at('assertions').isMissing;
    // What else lies in such a folder is the tool's own: settings, reports.
    if (place.at('spec').at('req').isMissing && kind === '') return;
    if (!/^http$/i.test(kind)) {
      notes.add(`${isTest ? 'tests' : 'mocks'} of kind ${kind} left out: only HTTP is imported`);
      return;
    }
    const draft = draftOf(place.at('spec'), isTest ? 'inbound' : 'outbound');
    (isTest ? set.tests : set.mocks).push(draft);
    for (const name of place.at('spec').at('assertions').at('noise').names()) noise.add(name);
  } catch (error) {
    if (error instanceof Misfit) throw misfitIn(title, file.path, error);
    throw error;
  }
}

/** A mock belongs to the test during which it happened, where there is only one. */
function withCauses({ tests, mocks }: Sorted): readonly HttpDraft[] {
  const caused = mocks.map((mock) => {
    const within = tests.filter((test) => isWithin(mock.request.startedAtUs, test));
    return { ...mock, causedBy: within.length === 1 ? (within[0] ?? null) : null };
  });
  return [...tests, ...caused];
}

function isWithin(atUs: number, { request, response }: HttpDraft): boolean {
  return atUs >= request.startedAtUs && atUs <= (response?.endedAtUs ?? request.endedAtUs);
}

function noiseNote(noise: ReadonlySet<string>): readonly string[] {
  if (noise.size === 0) return [];
  return [
    `noise of the tests is left out: ${[...noise].sort().join(', ')}; declare what differs in a file for --noise`,
  ];
}
