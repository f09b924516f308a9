/** Rules 2 and 5 of ARCHITECTURE.md: the middle is pure, and what reads bytes from the network never throws. */
import { productSources, type SourceFile } from '../support/source-tree';

const pureFolders = [
  'recorder/source/ebpf/decode',
  'recorder/source/ebpf/bind',
  'recorder/source/pcap',
  'recorder/follow',
  'recorder/parse',
  'recorder/link',
  'recorder/tally',
  'tape/model',
  'tape/http',
  'tape/json',
  'tape/body',
  'tape/redact',
  'tape/import',
  'tape/export',
  'replayer/cases',
  'replayer/correlate',
  'replayer/judge',
  'replayer/noise',
  'replayer/accept',
  'replayer/baseline',
  'replayer/dedupe',
  'replayer/mocks/match',
  'replayer/generate',
  'replayer/report',
];

/** Edges that live in a pure folder because they belong to its subject, each with its reason. */
const exceptions: Record<string, string> = {
  'tape/redact/key.ts':
    'loads the key of the placeholders from the project or the environment; the redactor takes it as an argument',
};

/** What is thrown there is about the installation, never about input. */
const mayThrow: Record<string, string> = {
  'recorder/parse/http1/llhttp.ts': 'refuses a build of llhttp other than the one it knows, before any input is seen',
};

/** What keeps something between calls beside what tape/memo.ts remembers for it, each with its reason. */
const mayKeep: Record<string, string> = {
  'recorder/parse/body-buffer.ts': 'small bodies share slabs of memory; what is in one is never changed again',
  'recorder/parse/http1/llhttp.ts': 'one instance of the parser compiled to WebAssembly serves all connections in turn',
  'replayer/noise/shapes.ts': 'remembers the words of names',
};

/** Computation only: none of these reaches a file, a socket, a timer, a clock or the environment. */
const pureModules = new Set([
  'node:buffer',
  'node:crypto',
  'node:string_decoder',
  'node:util',
  'node:zlib',
  'node:url',
  'node:querystring',
]);
const pureLibraries = [/^yaml$/, /^@bufbuild\/protobuf(?:\/wkt)?$/, /^re2js$/, /^undici\/lib\/llhttp\//];

const impureGlobals = [
  /^process(?!\.(pid|name)$)/, // an exchange has a process too, with a pid and a name
  /^Date\.now$/,
  /^new Date\(\)$/,
  /^performance\b/,
  /^Math\.random$/,
  /^(set|clear)(Timeout|Interval|Immediate)$/,
  /^queueMicrotask$/,
  /^fetch$/,
  /^console\b/,
  /\brandom(Bytes|UUID|Int|FillSync)$/,
];

const sources = new Map(productSources().map((source) => [source.path, source]));
const pureSources = [...sources.values()].filter(
  ({ path }) => pureFolders.some((folder) => path.startsWith(`${folder}/`)) && exceptions[path] === undefined,
);

describe('the middle', () => {
  it.each(pureFolders)('%s has files to look at', (folder) => {
    expect(pureSources.filter((source) => source.path.startsWith(`${folder}/`)).length).toBeGreaterThan(0);
  });

  it.each(Object.entries(exceptions))('%s is there to be excepted: it %s', (path) => {
    expect(sources.has(path)).toBe(true);
  });

  it('reaches nothing impure, not through what it imports either', () => {
    const wrong = reachable(pureSources).flatMap((source) => [...impureImports(source), ...impureUses(source)]);
    expect(wrong).toEqual([]);
  });
});

describe('what code called pure keeps between calls', () => {
  const kept = /^(?:export )?(?:let |const \w+(?:: (?!Readonly)[^=]+)? = new (?:Map|Set|WeakMap)(?:<.*>)?\(\))/m;

  it('is nothing but what tape/memo.ts remembers', () => {
    const wrong = pureSources.filter(({ path, text }) => kept.test(text) && mayKeep[path] === undefined);
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it.each(Object.entries(mayKeep))('%s is there to be excepted: %s', (path) => {
    expect(sources.get(path)?.text).toMatch(kept);
  });
});

describe('what reads bytes from the network', () => {
  it.each(['recorder/source/pcap', 'recorder/follow', 'recorder/parse'])('%s never throws', (folder) => {
    const throwing = pureSources.filter(
      (source) => source.path.startsWith(`${folder}/`) && source.throws && mayThrow[source.path] === undefined,
    );
    expect(throwing.map((source) => source.path)).toEqual([]);
  });
});

/** The files and everything of ours that runs because they import it. */
function reachable(from: readonly SourceFile[]): readonly SourceFile[] {
  const seen = new Set<SourceFile>();
  const queue = [...from];
  for (let source = queue.pop(); source !== undefined; source = queue.pop()) {
    if (seen.has(source)) continue;
    seen.add(source);
    queue.push(...runtimeImports(source));
  }
  return [...seen];
}

function runtimeImports(source: SourceFile): readonly SourceFile[] {
  return source.imports.flatMap(({ own, typeOnly }) => {
    if (own === null || typeOnly) return [];
    const found = sources.get(`${own}.ts`) ?? sources.get(`${own}/index.ts`);
    if (found === undefined) throw new Error(`${source.path} imports ${own}, which is not a source of ours`);
    return [found];
  });
}

function impureImports(source: SourceFile): readonly string[] {
  return source.imports
    .filter(({ own, typeOnly }) => own === null && !typeOnly)
    .filter(({ specifier }) => !pureModules.has(specifier) && !pureLibraries.some((library) => library.test(specifier)))
    .map(({ specifier }) => `${source.path} imports ${specifier}`);
}

function impureUses(source: SourceFile): readonly string[] {
  return [...source.globals]
    .filter((name) => impureGlobals.some((impure) => impure.test(name)))
    .map((name) => `${source.path} uses ${name}`);
}
