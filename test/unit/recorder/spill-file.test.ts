/** The file a long body waits in: gives back what it was given, shows nobody what it was, and leaves nothing behind. */
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spillInto } from '../../../recorder/spill-file';

const folder = mkdtempSync(join(tmpdir(), 'wiretape-spill-'));
afterAll(() => rmSync(folder, { recursive: true }));

const secret = 'password=correct-horse-battery-staple\n';

/** What stands in the nameless files this process has open in the folder. */
function onDisk(): Buffer {
  const open = readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
    } catch {
      return false;
    }
  });
  return Buffer.concat(open.map((fd) => readFileSync(`/proc/self/fd/${fd}`)));
}

it('gives back what it was given, and never shows it on the disk', () => {
  const spill = spillInto(folder)();
  const pieces = Array.from({ length: 100 }, (_, i) => Buffer.from(`${i} ${secret}`));
  for (const piece of pieces) expect(spill?.append(piece)).toBe(true);
  const read = (roomBehind: number) => Buffer.from(spill?.read(roomBehind) ?? []);
  expect(read(0).toString()).toBe(Buffer.concat(pieces).toString());
  expect(onDisk().length).toBeGreaterThan(pieces.length * secret.length);
  expect(onDisk().includes('correct-horse')).toBe(false);
  expect(spill?.append(Buffer.from('more'))).toBe(true);
  expect(read(0).toString().endsWith('more')).toBe(true);
  expect(read(3).length).toBe(read(0).length + 3);
  expect(read(3).subarray(0, -3)).toEqual(read(0));
  spill?.close();
});

it('gives back more than it opens at once', () => {
  const spill = spillInto(folder)();
  const all = Buffer.from(Array.from({ length: 1_000_003 }, (_, i) => i % 251));
  for (let at = 0; at < all.length; at += 70_001) spill?.append(all.subarray(at, at + 70_001));
  expect(Buffer.compare(spill?.read(0) ?? Buffer.alloc(0), all)).toBe(0);
  spill?.close();
});

it('has no name that could stay behind', () => {
  const spill = spillInto(folder)();
  spill?.append(Buffer.from('x'));
  expect(readdirSync(folder)).toEqual([]);
  spill?.close();
});

it('is none where the folder takes no files', () => {
  expect(spillInto(join(folder, 'nowhere'))()).toBeNull();
});
