/** Rules 1, 3 and 4 of ARCHITECTURE.md: who may know whom. */
import { builtinModules } from 'node:module';
import { productSources, readProjectFile, type SourceFile } from '../support/source-tree';

const sources = productSources();

/** `errors/` may be imported by all; the library entry and `cli/` see both sides. */
const mayImport: Record<string, readonly string[]> = {
  errors: ['errors'],
  native: ['native', 'errors'],
  tape: ['tape', 'errors'],
  recorder: ['recorder', 'tape', 'native', 'errors'],
  replayer: ['replayer', 'tape', 'native', 'errors'],
  cli: ['cli', 'recorder', 'replayer', 'tape', 'native', 'errors'],
  'index.ts': ['cli', 'recorder', 'replayer', 'tape', 'errors'],
};

/** Where each outside library lives: one folder or file. Only YAML is read in several: rules on each side, and Keploy's test sets. */
const ownersOf: Record<string, readonly string[]> = {
  '@bufbuild/protobuf': ['descriptors', 'schemas', 'well-known'].map((file) => `tape/body/protobuf/${file}.ts`),
  'better-sqlite3': ['tape/store/sqlite/'],
  undici: ['replayer/drive/'],
  fastify: ['replayer/mocks/front/http1/'],
  ws: ['replayer/websocket/'],
  yargs: ['cli/'],
  picocolors: ['cli/'],
  re2js: ['tape/expression.ts'],
  yaml: [
    'replayer/noise/rules.ts',
    'replayer/accept/accepted-file.ts',
    'tape/redact/rules-file.ts',
    'tape/import/keploy/',
  ],
};

/** Where plug-ins are: each folder in it, or what is named. What lies beside them is what they share. */
const plugInFolders: Record<string, 'folders' | readonly string[]> = {
  'recorder/parse': 'folders',
  'recorder/source': 'folders',
  'recorder/source/ebpf/attach/tls-libraries': [
    'boringssl',
    'gnutls',
    'go',
    'jsse',
    'mbedtls',
    'nss',
    'openssl',
    'rustls',
    's2n',
    'wolfssl',
  ],
  'replayer/generate': ['jest', 'vitest', 'msw'],
  'replayer/play': ['conversation', 'request-player'],
  'replayer/mocks/front': ['http1', 'http2'],
  'replayer/mocks/hosts': 'folders',
  'replayer/report': ['console', 'ctrf', 'github', 'html', 'json', 'junit', 'markdown'],
  'tape/export': ['har', 'curl', 'hurl', 'k6', 'wiremock', 'openapi'],
  'tape/import': 'folders',
  'tape/store': ['memory', 'sqlite'],
};

describe('recorder -> tape <- replayer', () => {
  it('the replayer knows of native/ only the launcher', () => {
    const known = sources.filter(({ path }) => topOf(path) === 'replayer').flatMap(ownImports);
    const native = known.filter((to) => topOf(to) === 'native');
    expect([...new Set(native)]).toEqual(['native/launcher']);
  });

  it('looks at real sources', () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.flatMap((source) => source.imports).length).toBeGreaterThan(50);
  });

  it.each(Object.entries(mayImport))('%s imports only what it may', (folder, allowed) => {
    const wrong = sources
      .filter((source) => topOf(source.path) === folder)
      .flatMap((source) => ownImports(source).map((own) => ({ from: source.path, to: own })))
      .filter(({ to }) => !allowed.includes(topOf(to)));
    expect(wrong).toEqual([]);
  });
});

describe('one owner for each outside library', () => {
  const outside = sources.flatMap((source) =>
    source.imports
      .filter((one) => one.own === null && !isNodeModule(one.specifier))
      .map((one) => ({ from: source.path, library: packageOf(one.specifier), specifier: one.specifier })),
  );

  it('no library is imported from outside its folder', () => {
    const wrong = outside.filter(({ from, library, specifier }) => {
      const owners = ownersOf[library] ?? [];
      return !isLlhttp(specifier) && !owners.some((owner) => from.startsWith(owner));
    });
    expect(wrong).toEqual([]);
  });

  it("undici's llhttp is used by exactly one file of the HTTP/1 parser", () => {
    const users = new Set(outside.filter(({ specifier }) => isLlhttp(specifier)).map(({ from }) => from));
    expect([...users].filter((from) => !from.startsWith('recorder/parse/http1/'))).toEqual([]);
    expect(users.size).toBeLessThanOrEqual(1);
  });

  it('every library of package.json has an owner that uses it', () => {
    const used = new Set(outside.map(({ library }) => library));
    const declared = Object.keys(JSON.parse(readProjectFile('package.json')).dependencies);
    expect(declared.filter((name) => ownersOf[name] === undefined || !used.has(name))).toEqual([]);
  });

  it('only native/binding.ts names the addon', () => {
    const users = sources.filter((source) => /wiretape\.node\b/.test(codeOf(source))).map((source) => source.path);
    expect(users.filter((path) => path !== 'native/binding.ts')).toEqual([]);
  });
});

describe('plug-ins', () => {
  it.each(Object.entries(plugInFolders))('of %s are there, and never import each other', (folder, which) => {
    const imports = sources.flatMap((source) => ownImports(source).map((to) => ({ from: source.path, to })));
    const from = imports.filter((one) => plugInOf(one.from, folder, which) !== undefined);
    const wrong = from.filter((one) => {
      const to = plugInOf(one.to, folder, which);
      return to !== undefined && to !== plugInOf(one.from, folder, which);
    });
    expect(from).not.toEqual([]);
    expect(wrong).toEqual([]);
  });
});

function ownImports(source: SourceFile): readonly string[] {
  return source.imports.flatMap((one) => (one.own === null ? [] : [one.own]));
}

function topOf(path: string): string {
  const top = path.split('/')[0] ?? '';
  return top === 'index' ? 'index.ts' : top;
}

function isNodeModule(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier);
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function isLlhttp(specifier: string): boolean {
  return specifier.startsWith('undici/lib/llhttp/');
}

/** Comments may name anything. */
function codeOf(source: SourceFile): string {
  return source.text.replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, '');
}

/** The plug-in of `folder` that a path belongs to; undefined for what lies beside them or elsewhere. */
function plugInOf(path: string, folder: string, which: 'folders' | readonly string[]): string | undefined {
  if (!path.startsWith(`${folder}/`)) return undefined;
  const [first = '', ...rest] = path.slice(folder.length + 1).split('/');
  const name = first.replace(/\.ts$/, '');
  const isPlugIn = which === 'folders' ? rest.length > 0 : which.includes(name);
  return isPlugIn ? name : undefined;
}
