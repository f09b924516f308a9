/** Reports of replay are read by scripts: docs/replay.md lists every word of theirs, and no other. */
import { skipWords } from '../../replayer/cases/cases';
import { failureWords } from '../../replayer/drive/failure';
import { readProjectFile } from '../support/source-tree';

const ofTheRun = { 'not-minted': 'it needs a secret that an earlier answer should have given, and did not' };

it.each([
  ['skipped', skipWords],
  ['no answer', { ...ofTheRun, ...failureWords }],
])('lists the words of a case that is %s, with their meanings', (title, words) => {
  const section = readProjectFile('docs/replay.md')
    .split(/^## /m)
    .find((each) => each.split('\n')[0]?.includes(title));
  const rows = [...(section ?? '').matchAll(/^\| `([\w-]+)` \| (.*) \|$/gm)].map(([, word, meaning]) => [
    word,
    meaning,
  ]);
  expect(Object.fromEntries(rows)).toEqual(words);
});
