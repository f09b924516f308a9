/** What the kernel side and the addon may know of each other, and the names the kernel can tell apart. */
import { posix } from 'node:path';
import { projectFiles, readProjectFile } from '../support/source-tree';

const bpfFiles = projectFiles('bpf').filter((path) => /\.[ch]$/.test(path));
const bpfText = bpfFiles.map(readProjectFile).join('\n');

/** BPF_KPROG, BPF_PROG and BPF_UPROBE take the name first; a plain program is `int name(…)` after its SEC line. */
const programs = [...bpfText.matchAll(/^SEC\("(?!license|\.maps)[^"]*"\)\s+int (?:BPF_\w+\()?(\w+)/gm)].map(
  ([, name = '']) => name,
);
const maps = [...bpfText.matchAll(/(\w+) SEC\("\.maps"\)/g)].map(([, name = '']) => name);

describe('native/', () => {
  it('includes of the kernel side only the contract and the settings', () => {
    const wrong = projectFiles('native')
      .filter((path) => /\.(cc|c|h)$/.test(path))
      .flatMap((path) =>
        [...readProjectFile(path).matchAll(/^\s*#\s*include\s+"([^"]+)"/gm)].map(([, included = '']) => ({
          path,
          included: posix.normalize(posix.join(posix.dirname(path), included)),
        })),
      )
      .filter(({ included }) => !included.startsWith('native/') && !['bpf/wire.h', 'bpf/config.h'].includes(included));
    expect(wrong).toEqual([]);
  });
});

describe('bpf/', () => {
  it('has programs and maps to look at', () => {
    expect(programs.length).toBeGreaterThan(5);
    expect(maps.length).toBeGreaterThan(3);
  });

  it('includes nothing from outside its folder but the system', () => {
    const included = [...bpfText.matchAll(/^\s*#\s*include\s+"([^"]+)"/gm)].map(([, name = '']) => name);
    expect(included.filter((name) => name.includes('..'))).toEqual([]);
  });

  it('names every program and map wt_*, so that what a recorder left behind would be seen', () => {
    expect([...programs, ...maps].filter((name) => !name.startsWith('wt_'))).toEqual([]);
  });

  it('keeps the names apart in the 15 characters that the kernel keeps', () => {
    // A map that each object has in a form of its own is one name.
    const kept = [...programs, ...new Set(maps)].map((name) => name.slice(0, 15));
    expect(kept.filter((name, i) => kept.indexOf(name) !== i)).toEqual([]);
  });

  it.each(bpfFiles)('%s opens with its dual licence', (path) => {
    expect(readProjectFile(path).split('\n')[0]).toContain('SPDX-License-Identifier: GPL-2.0-only OR MIT');
  });

  it('tells the kernel a licence it accepts for GPL-only helpers', () => {
    expect(bpfText).toMatch(/SEC\("license"\) = "Dual MIT\/GPL"/);
  });
});
