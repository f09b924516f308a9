/**
 * The project's own source as data, for the architecture tests: which files there are, what each imports, and which
 * globals each touches. Parsed by swc rather than searched, so that comments and generated text do not count.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseSync } from '@swc/core';

export const root = join(__dirname, '../..');

/** The folders whose TypeScript makes the package. */
export const productFolders = ['cli', 'errors', 'native', 'recorder', 'replayer', 'tape'] as const;

const notOurs = new Set(['.git', '.toolchain', '.wiretape', 'build', 'coverage', 'dist', 'node_modules']);

export interface Import {
  /** As written. */
  readonly specifier: string;
  /** Path from the root without extension for an import of our own; null for a package or a Node.js module. */
  readonly own: string | null;
  /** Erased by the compiler: it brings a type and no code. */
  readonly typeOnly: boolean;
}

export interface SourceFile {
  /** Path from the root, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
  /** `process.env`, `Date.now`, `setTimeout`, `new Date()` … : names of globals as they are used, member included. */
  readonly globals: ReadonlySet<string>;
  readonly throws: boolean;
}

/** Every file of the checkout that is ours, as paths from the root, in a fixed order. */
export function projectFiles(folder = ''): readonly string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries
    .filter((entry) => !notOurs.has(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? projectFiles(path) : [path];
    });
}

export function readProjectFile(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** The TypeScript that makes the package. */
export function productSources(): readonly SourceFile[] {
  const isProduct = (path: string): boolean =>
    path === 'index.ts' || productFolders.some((folder) => path.startsWith(`${folder}/`));
  return projectFiles()
    .filter((path) => path.endsWith('.ts') && isProduct(path))
    .map(readSource);
}

/** Parsed where it is asked what the text uses: many ask for the text alone. */
export function readSource(path: string): SourceFile {
  const text = readProjectFile(path);
  let understood: ReturnType<typeof understand> | undefined;
  const used = () => {
    understood ??= understand(text, path);
    return understood;
  };
  return {
    ...{ path, text },
    get imports() {
      return used().imports;
    },
    get globals() {
      return used().globals;
    },
    get throws() {
      return used().throws;
    },
  };
}

/** What the text of a module uses. `path` says what its relative imports are relative to. */
export function understand(text: string, path: string): Pick<SourceFile, 'imports' | 'globals' | 'throws'> {
  const imports: Import[] = [];
  const globals = new Set<string>();
  const seen = { throws: false };
  visit(parseSync(text, { syntax: 'typescript', target: 'es2023' }), (node) => {
    const found = importOf(node);
    if (found !== undefined) imports.push({ ...found, own: ownPath(found.specifier, path) });
    for (const name of globalsOf(node)) globals.add(name);
    if (node.type === 'ThrowStatement') seen.throws = true;
  });
  return { imports, globals, throws: seen.throws };
}

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, see);
  else if (typeof value === 'object' && value !== null) {
    if (isNode(value)) see(value);
    for (const inner of Object.values(value)) visit(inner, see);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

function importOf(node: Node): Omit<Import, 'own'> | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return fromDeclaration(node);
    case 'CallExpression':
      return fromCall(node);
    default:
      return undefined;
  }
}

function fromDeclaration(node: Node): Omit<Import, 'own'> | undefined {
  const specifier = stringOf(node.source);
  if (specifier === undefined) return undefined;
  const names = (node.specifiers ?? []) as readonly Node[];
  const allTypes = names.length > 0 && names.every((name) => name.isTypeOnly === true);
  return { specifier, typeOnly: node.typeOnly === true || allTypes };
}

/** `require('x')`, `require.resolve('x')` and `import('x')`. */
function fromCall(node: Node): Omit<Import, 'own'> | undefined {
  const callee = node.callee as Node;
  const isImport = callee.type === 'Import' || /^require(\.resolve)?$/.test(nameOf(callee) ?? '');
  const specifier = stringOf(((node.arguments ?? []) as readonly Node[])[0]?.expression);
  return isImport && specifier !== undefined ? { specifier, typeOnly: false } : undefined;
}

function globalsOf(node: Node): readonly string[] {
  if (node.type === 'MemberExpression') {
    const name = nameOf(node);
    return name === undefined ? [] : [name];
  }
  if (node.type === 'CallExpression') {
    const name = nameOf(node.callee as Node);
    return name === undefined ? [] : [name];
  }
  if (node.type === 'NewExpression' && nameOf(node.callee as Node) === 'Date') {
    return ((node.arguments ?? []) as readonly Node[]).length === 0 ? ['new Date()'] : [];
  }
  return [];
}

/** `a` or `a.b` for an identifier or one member of it; undefined for anything else. */
function nameOf(node: Node): string | undefined {
  if (node.type === 'Identifier') return node.value as string;
  if (node.type !== 'MemberExpression') return undefined;
  const object = nameOf(node.object as Node);
  const property = nameOf(node.property as Node);
  return object === undefined || property === undefined ? undefined : `${object}.${property}`;
}

function stringOf(node: unknown): string | undefined {
  return isNode(node) && node.type === 'StringLiteral' ? (node.value as string) : undefined;
}

function ownPath(specifier: string, importer: string): string | null {
  if (!specifier.startsWith('.')) return null;
  return relative(root, join(root, dirname(importer), specifier));
}
