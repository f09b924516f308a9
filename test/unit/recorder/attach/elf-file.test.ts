import { copyFileSync, linkSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileKey, openFile } from '../../../../recorder/source/ebpf/attach/elf/elf-file';

const folder = mkdtempSync(join(tmpdir(), 'wiretape-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

function keyOf(path: string): string | undefined {
  const file = openFile(path);
  file?.close();
  return file?.key;
}

it('knows a file again by whatever path, and a copy for another', () => {
  const [first, link, copy] = ['first', 'link', 'copy'].map((name) => join(folder, name)) as [string, string, string];
  writeFileSync(first, 'x');
  linkSync(first, link);
  copyFileSync(first, copy);
  expect(keyOf(link)).toBe(keyOf(first));
  expect(keyOf(copy)).not.toBe(keyOf(first));
  expect(keyOf(first)).toContain(String(statSync(first).ino));
});

const facts = { device: '08:01', inode: '42', size: 1000n, mtimeNs: 7n };

it.each([
  ['tells files of equal inode numbers apart by their devices', facts, { ...facts, device: '08:02' }, false],
  ['knows a file that has grown', facts, { ...facts, size: 1001n, mtimeNs: 8n }, true],
  [
    'knows the file of a shared image layer in another container',
    { ...facts, device: '00:31' },
    { ...facts, device: '00:35' },
    true,
  ],
  [
    'tells files of different layers apart',
    { ...facts, device: '00:31' },
    { ...facts, device: '00:35', mtimeNs: 8n },
    false,
  ],
])('%s', (_, one, other, same) => {
  expect(fileKey(one) === fileKey(other)).toBe(same);
});
