import { understand } from '../../support/source-tree';

const importsOf = (text: string) => understand(text, 'tape/redact/x.ts').imports;
const globalsOf = (text: string) => [...understand(text, 'tape/redact/x.ts').globals];

describe('what a module imports', () => {
  it('resolves our own modules to paths from the root', () => {
    expect(importsOf("import { a } from '../model/exchange';")).toEqual([
      { specifier: '../model/exchange', own: 'tape/model/exchange', typeOnly: false },
    ]);
  });

  it.each([
    ["import fs from 'node:fs';", false],
    ["import 'node:fs';", false],
    ["import type { A } from 'node:fs';", true],
    ["import { type A, type B } from 'node:fs';", true],
    ["import { type A, b } from 'node:fs';", false],
    ["export { a } from 'node:fs';", false],
    ["export * from 'node:fs';", false],
    ["export type { A } from 'node:fs';", true],
    ["const a = require('node:fs');", false],
    ["const a = require.resolve('node:fs');", false],
    ["const a = await import('node:fs');", false],
  ])('sees %s', (text, typeOnly) => {
    expect(importsOf(text)).toEqual([{ specifier: 'node:fs', own: null, typeOnly }]);
  });

  it('takes comments and strings for what they are', () => {
    expect(importsOf('// import fs from "node:fs"\nconst text = `import fs from "node:fs"`;')).toEqual([]);
  });
});

describe('what a module touches', () => {
  it.each([
    ['const a = process.env.HOME;', 'process.env'],
    ['const a = Date.now();', 'Date.now'],
    ['const a = new Date();', 'new Date()'],
    ['setTimeout(() => {}, 1);', 'setTimeout'],
    ['const a = Math.random();', 'Math.random'],
  ])('sees %s', (text, name) => {
    expect(globalsOf(text)).toContain(name);
  });

  it('does not mistake a date that is given for the clock', () => {
    expect(globalsOf('const a = new Date(0);')).not.toContain('new Date()');
  });

  it('sees a throw inside a function', () => {
    expect(understand('function f() { if (a) throw new Error(); }', 'x.ts').throws).toBe(true);
    expect(understand('function f() { return "throw"; }', 'x.ts').throws).toBe(false);
  });
});
