/** One error catalogue: documented, used, and each text held by a golden file. */
import { catalogue } from '../../errors/catalogue';
import { productSources, projectFiles, readProjectFile } from '../support/source-tree';

const codes = Object.keys(catalogue);
const documented = parseErrorsPage(readProjectFile('docs/errors.md'));

describe('the error catalogue', () => {
  it('is documented code for code, in the same order', () => {
    expect([...documented.keys()]).toEqual(codes);
  });

  it.each(Object.entries(catalogue))(
    '%s: docs/errors.md says the same exit status and meaning',
    (code, { exit, means }) => {
      const section = documented.get(code) ?? '';
      expect(section).toContain(`Exit status ${exit}: ${means}.`);
    },
  );

  it.each(codes)('%s: docs/errors.md shows what it looks like and says what to do', (code) => {
    const section = documented.get(code) ?? '';
    expect(section).toMatch(new RegExp(`^${code}  \\S`, 'm'));
    expect(section).toMatch(/^What to do: \S/m);
  });

  it.each(codes)('%s is raised somewhere', (code) => {
    const quoted = new RegExp(`['"]${code}['"]`);
    const users = productSources().filter(
      (source) => source.path !== 'errors/catalogue.ts' && quoted.test(source.text),
    );
    expect(users.map((source) => source.path)).not.toEqual([]);
  });

  it('has a golden text for each code and no other', () => {
    const golden = projectFiles('test/golden/errors/expected').map(
      (path) => /([A-Z_]+)(-[a-z-]+)?\.txt$/.exec(path)?.[1],
    );
    expect([...new Set(golden)].sort()).toEqual([...codes].sort());
  });
});

/** Sections by code: `### CODE`, then text up to the next heading. */
function parseErrorsPage(page: string): ReadonlyMap<string, string> {
  const sections = page.split(/^### /m).slice(1);
  return new Map(
    sections.map((section) => [section.split('\n')[0]?.trim() ?? '', section.replace(/^## [\s\S]*/m, '')]),
  );
}
