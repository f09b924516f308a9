/** The built addon runs on a machine that has no libbpf, libelf, zlib or libstdc++: they are inside it. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const addon = join(__dirname, '../../dist/wiretape.node');
const ofTheCLibrary = /^(linux-vdso|libc|libm|libpthread|libdl|librt|ld-linux-x86-64)\.so/;

describe('the addon', () => {
  it('needs nothing at run time but the C library', () => {
    const needed = sharedLibraries(execFileSync('ldd', [addon], { encoding: 'utf8' }));
    expect(needed.length).toBeGreaterThan(0);
    expect(needed.filter((name) => !ofTheCLibrary.test(name))).toEqual([]);
  });

  it('shows Node.js its two entry points and nothing of the libraries inside it', () => {
    expect(definedSymbols(execFileSync('nm', ['-D', '--defined-only', addon], { encoding: 'utf8' }))).toEqual([
      'napi_register_module_v1',
      'node_api_module_get_api_version_v1',
    ]);
  });
});

/** File names of `ldd`'s lines: `\tlibc.so.6 => /lib/… (0x…)` or `\t/lib64/ld-linux-x86-64.so.2 (0x…)`. */
function sharedLibraries(output: string): readonly string[] {
  return [...output.matchAll(/^\t(\S+)/gm)].map(([, path = '']) => path.split('/').pop() ?? '');
}

/** Names of `nm -D` lines: address, type, name. */
function definedSymbols(output: string): readonly string[] {
  return [...output.matchAll(/^[0-9a-f]+ \w (\S+)$/gm)].map(([, name = '']) => name).sort();
}
