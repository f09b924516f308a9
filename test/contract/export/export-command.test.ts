/** `wiretape export` as a process: the text on stdout or in a file of its owner, what it says, and what it refuses. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { curl } from '../../../tape/export/curl';
import { type CommandResult, runWiretape } from '../../support/command';
import { exported, inboundOf, sampleExchanges } from '../../support/exporting';
import { writeTape } from '../../support/tape-file';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'wiretape-export-'));
  writeTape(join(cwd, 'shop.tape'), sampleExchanges());
});
afterAll(() => rmSync(cwd, { recursive: true }));

const wiretape = (...args: readonly string[]): Promise<CommandResult> => runWiretape(['export', ...args], { cwd });

it('writes on stdout, and says on stderr what is in it and what is not', async () => {
  const { status, stdout, stderr } = await wiretape('shop.tape', '--to', 'curl');
  expect(status).toBe(0);
  expect(stdout).toBe((await exported(curl, inboundOf(sampleExchanges()))).text);
  expect(stderr.split('\n')).toEqual([
    'exported 8 exchanges as curl commands',
    '  left out   1 that are not complete',
    '  left out   1 that have no request or no answer',
    '  secrets    placeholders stand in their place in 1 exchange',
    '',
  ]);
});

it('writes a file that only its owner can read, and leaves nothing else', async () => {
  const { status, stdout, stderr } = await wiretape('shop.tape', '--to', 'har', '-o', 'shop.har');
  expect([status, stdout]).toEqual([0, '']);
  expect(stderr).toContain('exported 14 exchanges as HAR into shop.har\n');
  expect(JSON.parse(readFileSync(join(cwd, 'shop.har'), 'utf8')).log.entries).toHaveLength(14);
  expect(statSync(join(cwd, 'shop.har')).mode & 0o777).toBe(0o600);
  expect(readdirSync(cwd).filter((name) => name.includes('partial'))).toEqual([]);
});

it.each([
  ['wiremock', [], 4],
  ['wiremock', ['--direction', 'inbound'], 8],
  ['openapi', ['--include', 'POST */orders'], 1],
  ['k6', ['--target', 'http://127.0.0.1:8080/'], 8],
])('chooses for %s %j', async (format, more, exchanges) => {
  const { status, stderr } = await wiretape('shop.tape', '--to', format, ...more);
  expect([status, stderr]).toEqual([0, expect.stringContaining(`exported ${exchanges} exchange`)]);
});

it.each([
  ['no format', ['shop.tape'], 2, 'USAGE'],
  ['a format that is not there', ['shop.tape', '--to', 'saz'], 2, 'USAGE'],
  ['a target for what sends nothing', ['shop.tape', '--to', 'har', '--target', 'http://127.0.0.1:1'], 2, 'USAGE'],
  ['a target with a path', ['shop.tape', '--to', 'curl', '--target', 'http://127.0.0.1:1/api'], 2, 'USAGE'],
  ['a tape that is not there', ['shopp.tape', '--to', 'har'], 3, 'TAPE_MISSING'],
  ['a session that is not there', ['shop.tape', '--to', 'har', '--session', '9'], 3, 'NOT_ON_TAPE'],
  ['filters that leave nothing', ['shop.tape', '--to', 'har', '--exclude', '* **', '-o', 'none'], 3, 'NO_CASES'],
  ['a folder that is not there', ['shop.tape', '--to', 'har', '-o', 'no/such/shop.har'], 3, 'FILE_UNREADABLE'],
])('refuses %s', async (_, args, status, text) => {
  const result = await wiretape(...args);
  expect([result.status, result.stdout]).toEqual([status, '']);
  expect(result.stderr).toContain(text);
  expect(existsSync(join(cwd, 'none'))).toBe(false);
});
