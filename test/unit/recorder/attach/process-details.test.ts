import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProcReader } from '../../../../recorder/source/ebpf/attach/proc/proc-reader';
import { DetailsReader } from '../../../../recorder/source/ebpf/attach/process-details';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'wiretape-details-'));
  mkdirSync(join(root, '1/root/etc'), { recursive: true });
  writeFileSync(
    join(root, '1/root/etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nno line\nshop:x:1000:1000::/:\nalias:x:1000:1::/:\n',
  );
});
afterEach(() => rmSync(root, { recursive: true }));

interface Fake {
  readonly words: string;
  readonly uids?: string;
  readonly ownUsers?: boolean;
}

function process(pid: number, { words, uids = '1000\t1000\t1000\t1000', ownUsers = false }: Fake): void {
  mkdirSync(join(root, `${pid}/root/etc`), { recursive: true });
  writeFileSync(join(root, `${pid}/cmdline`), words);
  writeFileSync(join(root, `${pid}/status`), `Name:\tx\nUid:\t${uids}\n`);
  symlinkSync('/usr/bin/shop (deleted)', join(root, `${pid}/exe`));
  const users = join(root, `${pid}/root/etc/passwd`);
  if (ownUsers) writeFileSync(users, 'intruder:x:1000:1000::/:\n');
  else linkSync(join(root, '1/root/etc/passwd'), users);
}

const without = (words: readonly string[]): readonly string[] =>
  words.map((word) => word.replace(/(?<=password=).*/, '(gone)'));
const reader = (redact = without) => new DetailsReader(createProcReader(root), redact);

it('tells the program, its words without secrets, and its user', () => {
  process(7, { words: 'shop\0--password=hunter22\0two words\0' });
  expect(reader().of(7)).toEqual({
    executable: '/usr/bin/shop',
    command: 'shop --password=(gone) two words',
    user: { id: 1000, name: 'shop' },
  });
});

it('tells the effective user, as its rights are', () => {
  process(7, { words: 'shop\0', uids: '0\t33\t0\t33' });
  expect(reader().of(7).user).toEqual({ id: 33, name: null });
});

it('takes no name from a root that has users of its own', () => {
  process(7, { words: 'shop\0', ownUsers: true });
  expect(reader().of(7).user).toEqual({ id: 1000, name: null });
});

it('takes a title that a process gave itself as it is', () => {
  process(7, { words: `nginx: worker process${'\0'.repeat(40)}` });
  expect(reader().of(7).command).toBe('nginx: worker process');
});

it('cuts what is long after its secrets are out', () => {
  process(7, { words: `java\0-cp\0${'a'.repeat(5000)}\0--password=hunter22\0` });
  const { command } = reader().of(7);
  expect(command).toHaveLength(4097);
  expect(command?.endsWith('a…')).toBe(true);
});

it('asks once for what many processes have in common', () => {
  process(7, { words: 'worker\0' });
  process(8, { words: 'worker\0' });
  const asked: (readonly string[])[] = [];
  const details = reader((words) => {
    asked.push(words);
    return words;
  });
  expect([details.of(7).command, details.of(8).command]).toEqual(['worker', 'worker']);
  expect(asked).toHaveLength(1);
});

it('says nothing of a process that has ended', () => {
  expect(reader().of(99)).toEqual({});
});
