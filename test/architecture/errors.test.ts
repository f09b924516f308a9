/** One error catalogue: documented, and used. The texts themselves are held by test/golden/errors. */
import { catalogue } from '../../errors/catalogue';
import { errorSections } from '../support/errors-page';
import { productSources } from '../support/source-tree';

const codes = Object.keys(catalogue);
const documented = errorSections();
const sources = productSources().filter((source) => source.path !== 'errors/catalogue.ts');

describe('the error catalogue', () => {
  it('is documented code for code, in the same order', () => {
    expect([...documented.keys()]).toEqual(codes);
  });

  it.each(Object.entries(catalogue))(
    '%s: docs/errors.md says the same exit status and meaning, and what to do',
    (code, { exit, means }) => {
      const section = documented.get(code) ?? '';
      expect(section).toContain(`Exit status ${exit}: ${means}.`);
      expect(section).toMatch(/^What to do: \S/m);
    },
  );

  it.each(codes)('%s is raised somewhere', (code) => {
    const quoted = new RegExp(`['"]${code}['"]`);
    expect(sources.filter((source) => quoted.test(source.text)).map((source) => source.path)).not.toEqual([]);
  });
});
