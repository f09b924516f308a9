import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WiretapeError } from '../../../../errors/wiretape-error';
import { closedAmong } from '../../../../recorder/source/ebpf/attach/closed-targets';
import { createProcReader } from '../../../../recorder/source/ebpf/attach/proc/proc-reader';
import { createProcesses } from '../../../../recorder/source/ebpf/attach/processes';
import { createProcTree, type FakeProcess, type ProcTree } from './proc-tree';

let tree: ProcTree;
afterEach(() => tree.dispose());

const maps = '00400000-00401000 r-xp 00000000 00:fe 17 /shop/server\n';

/** What is said of these, as targets, to a recorder with or without all rights. */
function closed(fakes: readonly FakeProcess[], hasRights = false): readonly string[] {
  tree = createProcTree(fakes);
  const processes = createProcesses(createProcReader(tree.root));
  return closedAmong(
    processes.list().map((process) => ({ process, because: '--comm shop' })),
    processes,
    () => hasRights,
  );
}

/** What is refused of these, as targets of a recorder without rights over others; null where nothing is. */
function refusal(...fakes: readonly FakeProcess[]): WiretapeError | null {
  return refused(() => closed(fakes));
}

function refused(attempt: () => unknown): WiretapeError | null {
  try {
    attempt();
    return null;
  } catch (error) {
    if (error instanceof WiretapeError) return error;
    throw error;
  }
}

/** The executable's link may not be read: no rights over the process. */
const withoutLink = (fake: FakeProcess): FakeProcess => ({ ...fake, hasMemory: true });

it('takes targets whose files can be looked into', () => {
  expect(refusal({ pid: 7, exe: '/shop/server', maps })).toBeNull();
});

it('refuses one that does not show what it has mapped', () => {
  const error = refusal({ pid: 7, name: 'shop', exe: '/shop/server', maps: null });
  expect(error?.code).toBe('TARGET_CLOSED');
  expect(error?.seen).toEqual(['/proc/7/maps cannot be read: no TLS library in it would be found']);
});

it('refuses one whose files cannot be opened for lack of rights', () => {
  const error = refusal(withoutLink({ pid: 7, name: 'shop', maps }));
  expect(error?.seen).toEqual(['/shop/server of /proc/7/maps cannot be opened: no TLS library in it would be found']);
});

it('takes one whose files can be opened all the same', () => {
  tree = createProcTree([withoutLink({ pid: 7, name: 'shop', maps })]);
  mkdirSync(join(tree.root, '7/root/shop'), { recursive: true });
  writeFileSync(join(tree.root, '7/root/shop/server'), 'x');
  const processes = createProcesses(createProcReader(tree.root));
  const found = processes.list().map((process) => ({ process, because: '--comm shop' }));
  expect(closedAmong(found, processes, () => false)).toEqual([]);
});

it('lets a file be gone where rights are not what is missing', () => {
  const deleted = '00400000-00401000 r-xp 00000000 00:fe 17 /shop/server (deleted)\n';
  expect(refusal({ pid: 7, exe: '/shop/server', maps: deleted })).toBeNull();
});

it('does not ask for the files of a process that has ended', () => {
  expect(refusal({ pid: 7, name: 'shop', maps: null })).toBeNull();
});

it('names some of many', () => {
  const error = refusal(...[1, 2, 3, 4, 5, 6, 7, 8].map((pid) => ({ pid, name: 'shop', exe: '/shop', maps: null })));
  expect(error?.seen[1]).toBe('nor into shop (2), shop (3), shop (4), shop (5), shop (6) and 2 more');
});

const open = { pid: 8, name: 'open', exe: '/shop/server', maps };
const closedToAll = { pid: 7, name: 'sealed', exe: '/shop/server', maps: null };

it('names one that is closed whatever the rights, and leaves the others to be recorded', () => {
  expect(closed([closedToAll, open], true)).toEqual(['sealed (7): /proc/7/maps cannot be read']);
});

it('refuses it together with the others where more rights would open it', () => {
  expect(refusal(closedToAll, open)?.remedies).toContain('wiretape doctor tells what is missing');
});

it('refuses it where nothing else is to be recorded, and does not ask for rights that are there', () => {
  const threadOfKernel = { pid: 9, name: 'kthreadd' };
  const error = refused(() => closed([closedToAll, threadOfKernel], true));
  expect(error?.code).toBe('TARGET_CLOSED');
  expect(error?.remedies).toEqual([expect.stringMatching(/^A security module or a namespace above forbids it/)]);
});
