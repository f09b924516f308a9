import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostsFiles } from '../../../../recorder/source/ebpf/attach/hosts-files';

let root: string;
let nowMs: number;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'wiretape-hosts-'));
  nowMs = Date.now() + 60_000;
});
afterEach(() => rmSync(root, { recursive: true }));

const etcOf = (process: number | string) => join(root, `${process}/root/etc`);
const fileOf = (process: number | string) => join(etcOf(process), 'hosts');

function put(process: number | string, text: string): void {
  mkdirSync(etcOf(process), { recursive: true });
  writeFileSync(fileOf(process), text);
}

const opened = () => new HostsFiles(root, () => nowMs);
const asked = { pid: 7, remote: '10.0.0.5:443', agoMs: 0 };
const orders = { name: 'orders.test', source: 'hosts' };

it('tells the name that the file of a process has, and no other one of another', () => {
  put(7, '10.0.0.5 orders.test\n');
  put(8, '10.0.0.5 another.test\n');
  const files = opened();
  expect(files.nameOf(asked)).toEqual(orders);
  expect(files.nameOf({ ...asked, pid: 8 })?.name).toBe('another.test');
  expect(files.nameOf({ ...asked, pid: 9 })).toBeNull();
  expect(files.nameOf({ ...asked, remote: '10.0.0.6:443' })).toBeNull();
  expect(files.nameOf({ ...asked, remote: 'unix:/run/x' })).toBeNull();
});

it('sees that a file has changed, in its place and in its stead', () => {
  put(7, '10.0.0.5 orders.test\n');
  const files = opened();
  files.nameOf(asked);
  writeFileSync(fileOf(7), '10.0.0.5 stocks.test\n');
  expect(files.nameOf(asked)?.name).toBe('stocks.test');
  writeFileSync(`${fileOf(7)}.new`, '10.0.0.5 prices.test\n');
  renameSync(`${fileOf(7)}.new`, fileOf(7));
  expect(files.nameOf(asked)?.name).toBe('prices.test');
});

it('says nothing by a file that is younger than the connection, nor by one that is as old', () => {
  put(7, '10.0.0.5 orders.test\n');
  const { ctimeMs } = statSync(fileOf(7));
  nowMs = ctimeMs + 2000;
  const files = opened();
  expect(files.nameOf({ ...asked, agoMs: 1000 })).toEqual(orders);
  expect(files.nameOf({ ...asked, agoMs: 1995 })).toBeNull();
  expect(files.nameOf({ ...asked, agoMs: 3000 })).toBeNull();
});

it('knows the file of one that has ended by another process that still sees it', () => {
  put(7, '10.0.0.5 orders.test\n');
  mkdirSync(etcOf(6), { recursive: true });
  linkSync(fileOf(7), fileOf(6));
  const files = opened();
  for (const pid of [6, 7]) files.meet(pid);
  files.fork(7, 8);
  rmSync(join(root, '7'), { recursive: true });
  expect(files.nameOf(asked)).toBeNull(); // a link less: another state of the file
  files.meet(6);
  files.fork(6, 8);
  expect(files.nameOf({ ...asked, pid: 8 })).toEqual(orders);
  writeFileSync(fileOf(6), '10.0.0.5 another.test\n');
  expect(files.nameOf({ ...asked, pid: 8 })).toBeNull();
  files.forget(8);
  expect(files.nameOf({ ...asked, pid: 8 })).toBeNull();
});

it('reads a file again that was changed just before, and may be changed without looking so', () => {
  put(7, '10.0.0.5 orders.test\n');
  const { ctimeMs } = statSync(fileOf(7));
  nowMs = ctimeMs + 100;
  const files = opened();
  files.meet(7);
  put(8, '10.0.0.5 orders.test\n');
  files.meet(8);
  files.fork(8, 9);
  rmSync(join(root, '7'), { recursive: true });
  nowMs = ctimeMs + 60_000;
  expect(files.nameOf(asked)).toBeNull();
  expect(files.nameOf({ ...asked, pid: 9 })).toEqual(orders);
});

it.each<[string, () => void]>([
  ['a link', () => symlinkSync(join(root, 'elsewhere'), fileOf(7))],
  ['a folder', () => mkdirSync(fileOf(7))],
  ['a pipe', () => execFileSync('mkfifo', [fileOf(7)])],
  ['empty', () => writeFileSync(fileOf(7), '')],
  ['long', () => writeFileSync(fileOf(7), `10.0.0.5 orders.test\n${'#'.repeat(256 << 10)}`)],
])('reads nothing that is %s', (_, make) => {
  writeFileSync(join(root, 'elsewhere'), '10.0.0.5 orders.test\n');
  mkdirSync(etcOf(7), { recursive: true });
  make();
  expect(opened().nameOf(asked)).toBeNull();
});

it('follows no link in the place of its folder', () => {
  put('other', '10.0.0.5 orders.test\n');
  mkdirSync(join(root, '7/root'), { recursive: true });
  symlinkSync(etcOf('other'), etcOf(7));
  expect(opened().nameOf(asked)).toBeNull();
});
