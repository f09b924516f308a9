import type { GeneratedFile } from '../../../../replayer/generate/generator';
import { HashOfFile, manifestText, parseManifest, planWriting } from '../../../../replayer/generate/write-plan';

const orders = file('endpoints/orders.js', 'orders');
const setup = file('setup.js', 'setup', true);

function file(path: string, content: string, yours = false): GeneratedFile {
  return { path, bytes: Buffer.from(content), yours };
}

/** A folder as it is after the files were generated into it and `changes` were made. */
function folderWith(files: readonly GeneratedFile[], changes: Record<string, string | undefined> = {}) {
  const { manifest } = planWriting(files, { manifest: {}, read: () => undefined }, { force: false });
  const texts = new Map<string, string | undefined>([
    ...files.map(({ path, bytes }): [string, string] => [path, Buffer.from(bytes).toString()]),
    ...Object.entries(changes),
  ]);
  const read = (path: string) => {
    const text = texts.get(path);
    return text === undefined ? undefined : [Buffer.from(text)];
  };
  return { manifest, read };
}

const gently = { force: false };

describe('generating into a folder', () => {
  it('writes everything where nothing is', () => {
    const plan = planWriting([orders, setup], { manifest: {}, read: () => undefined }, gently);
    expect(plan.write).toEqual([orders, setup]);
    expect([...plan.remove, ...plan.kept, ...plan.edited, ...plan.foreign]).toEqual([]);
  });

  it('writes nothing the second time', () => {
    const plan = planWriting([orders, setup], folderWith([orders, setup]), gently);
    expect(plan.write).toEqual([]);
    expect(plan.manifest).toEqual(folderWith([orders, setup]).manifest);
  });

  it('replaces what it wrote, and removes what it no longer writes', () => {
    const newOrders = file('endpoints/orders.js', 'new orders');
    const plan = planWriting([newOrders], folderWith([orders, file('endpoints/users.js', 'users')]), gently);
    expect(plan.write).toEqual([newOrders]);
    expect(plan.remove).toEqual(['endpoints/users.js']);
  });

  it("keeps the user's edits of what is theirs, now and the next time", () => {
    const newSetup = file('setup.js', 'new setup', true);
    const edited = folderWith([orders, setup], { 'setup.js': 'my setup' });
    const plan = planWriting([orders, newSetup], edited, gently);
    expect([plan.kept, plan.write]).toEqual([['setup.js'], []]);
    const again = planWriting([orders, newSetup], { ...edited, manifest: plan.manifest }, { force: true });
    expect(again.kept).toEqual(['setup.js']);
  });

  it('refuses to replace an edited test, unless told to', () => {
    const edited = folderWith([orders], { 'endpoints/orders.js': 'my orders' });
    const newOrders = file('endpoints/orders.js', 'new orders');
    expect(planWriting([newOrders], edited, gently).edited).toEqual(['endpoints/orders.js']);
    expect(planWriting([newOrders], edited, { force: true }).write).toEqual([newOrders]);
  });

  it('leaves an edited file that is no longer generated', () => {
    const edited = folderWith([orders, setup], { 'endpoints/orders.js': 'my orders' });
    expect(planWriting([setup], edited, gently).remove).toEqual([]);
  });

  it('never touches a file it did not write, whatever it is told', () => {
    const folder = { manifest: {}, read: () => [Buffer.from('of somebody else')] };
    for (const force of [true, false]) {
      const plan = planWriting([orders, setup], folder, { force });
      expect(plan.foreign).toEqual(['endpoints/orders.js', 'setup.js']);
      expect(plan.write).toEqual([]);
    }
  });

  it('does not take changed line ends for an edit', () => {
    const lines = file('setup.js', 'a\nb\n', true);
    const newLines = file('setup.js', 'a\nc\n', true);
    const plan = planWriting([newLines], folderWith([lines], { 'setup.js': 'a\r\nb\r\n' }), gently);
    expect(plan.write).toEqual([newLines]);
  });
});

describe('the manifest', () => {
  it('reads back what it wrote', () => {
    const { manifest } = folderWith([orders, setup]);
    expect(parseManifest(manifestText(manifest))).toEqual(manifest);
  });

  it('names nothing outside its folder', () => {
    const planted = { '../../etc/passwd': 'x', '/etc/passwd': 'x', 'a/../../b': 'x', 'setup.js': 'x' };
    expect(parseManifest(JSON.stringify({ files: planted }))).toEqual({ 'setup.js': 'x' });
  });

  it.each(['', '[]', 'null', '{"files":null}', '{"files":3}'])('%j is none', (text) => {
    expect(parseManifest(text)).toBeUndefined();
  });
});

it('gives a file one hash however it is cut, and whichever line ends it has', () => {
  const text = 'a\r\nb\r\r\n\u00fc\n\r';
  const hashOf = (pieces: readonly (string | Uint8Array)[]) => {
    const hash = new HashOfFile();
    for (const piece of pieces) hash.add(piece);
    return hash.text();
  };
  const whole = hashOf([text]);
  for (let cut = 0; cut <= text.length; cut++) expect(hashOf([text.slice(0, cut), text.slice(cut)])).toBe(whole);
  expect(hashOf([Buffer.from(text)])).toBe(whole);
  expect(hashOf(['a\nb'])).toBe(hashOf(['a\r\nb']));
  expect(hashOf([text, ' '])).not.toBe(whole);
});
