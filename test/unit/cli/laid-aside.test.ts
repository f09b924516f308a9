/** Generated files in one temporary file: each comes back as it was made, however they were mixed. */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { LaidAside } from '../../../cli/laid-aside';
import { heldFile } from '../../../replayer/generate/generator';
import { HashOfFile } from '../../../replayer/generate/write-plan';

const aside: LaidAside[] = [];
afterEach(() => {
  for (const each of aside.splice(0)) each.close();
});

function opened(): LaidAside {
  const made = new LaidAside();
  aside.push(made);
  return made;
}

it('gives files back whole, whatever came between their pieces', () => {
  const folder = opened();
  const begins = [(path: string) => folder.begin(path), heldFile];
  const [asideFiles = [], held = []] = begins.map((begin) => {
    const [one, other] = [begin('one'), begin('two')];
    const last = begin('empty').end();
    one.add('text \u00fc');
    one.add(Buffer.from('and bytes'));
    other.add('x'.repeat(300_000)); // more than is gathered
    for (let i = 0; i < 1000; i++) one.add(`piece ${i} `.repeat(40));
    other.add('y');
    const [first, second] = [one.end(), other.end()];
    return [first, second, last];
  });
  const told = ({ path, bytes, yours }: (typeof held)[number]) => ({
    path,
    text: Buffer.from(bytes).toString(),
    yours,
  });
  expect(asideFiles.map(told)).toEqual(held.map(told));
  for (const { aside: own, bytes } of asideFiles) {
    const hash = new HashOfFile();
    hash.add(bytes);
    expect(own?.hash).toBe(hash.text());
  }
});

it('has no name, so that it goes away with the process', () => {
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('wiretape-generate-'));
  opened().begin('one').add('x'.repeat(300_000));
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('wiretape-generate-'))).toEqual(before);
});
