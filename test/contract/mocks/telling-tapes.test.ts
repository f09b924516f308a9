/**
 * Tapes of 0.1.0 that mocks answered wrongly (../shared/cases): parts of a file in another order, clients that gave up, and a
 * service that reads the token of its identity service.
 */
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Mocks, startMocks } from '../../../replayer/library/mocks';
import { runWiretape } from '../../support/command';
import { ask } from '../../support/mocks';

const cases = join(__dirname, '../../../../shared/cases');
const folder = mkdtempSync(join(tmpdir(), 'wiretape-cases-'));
let mocks: Mocks | undefined;

afterEach(async () => {
  await mocks?.close();
  mocks = undefined;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A copy that may be opened: those who share it may not be written to. */
function copied(path: string): string {
  const copy = join(folder, path.replaceAll('/', '-'));
  copyFileSync(join(cases, path), copy);
  chmodSync(copy, 0o600);
  return copy;
}

const isThere = existsSync(cases);

(isThere ? describe : describe.skip)('tapes of before (need ../shared/cases)', () => {
  it('give each part of a file to who asks for that part', async () => {
    mocks = await startMocks(copied('replay/tapes/s3-range-parallel.tape'));
    const url = mocks.urlOf('127.0.0.1:42783');
    const part = (range: string) => ask(`${url}/bkt/big?x-id=GetObject`, { headers: { Range: range } });
    const parts = await Promise.all(['bytes=10-19', 'bytes=15-19', 'bytes=0-4', 'bytes=5-9'].map(part));
    expect(parts.map(({ status, text }) => (status === 206 ? text : status))).toEqual([502, 'fghij', '01234', '56789']);
    expect((await ask(`${url}/bkt/k?x-id=GetObject`)).text).toBe('0123456789abcdefghij');
  });

  it('give no answer that was recorded before its request', async () => {
    const shifted = copied('replay/tapes/fetch-over-tls-shifted.tape');
    await expect(startMocks(shifted)).rejects.toMatchObject({ code: 'NO_CASES' }); // each answer is another request's
    const listed = await runWiretape(['ls', shifted], {
      cwd: folder,
      env: {},
    });
    expect(listed.stdout).toMatch(/seq\/3 {2}! parse-error$/m);
    expect(listed.stdout.match(/! parse-error$/gm)).toHaveLength(8);
  });

  it('let a client that gave up give up again', async () => {
    mocks = await startMocks(copied('replay/tapes/client-timeouts.tape'));
    const url = mocks.urlOf('127.0.0.1:51425');
    const gaveUp = (path: string, ms: number) => fetch(url + path, { signal: AbortSignal.timeout(ms) });
    await Promise.all([
      expect(gaveUp('/hang', 1000)).rejects.toThrow(/timeout/),
      expect(gaveUp('/slow?ms=1500', 500)).rejects.toThrow(/timeout/),
    ]);
    await expect(ask(`${url}/reset`)).rejects.toThrow(/ECONNRESET|hang up/);
    expect((await ask(`${url}/slow?ms=600`)).text).toBe('{"slow":1}');
  });

  const jwt = 'verdict/jwt-mock/jwtmock.tape';
  const testing = (env: Readonly<Record<string, string>>, ...options: readonly string[]) => {
    const upstream = 'UP={mock:127.0.0.1:52557}';
    const command = [process.execPath, join(cases, 'verdict/jwt-mock/app.mjs')];
    const args = ['test', copied(jwt), ...options, '--env', 'PORT={port}', '--env', upstream, '--', ...command];
    return runWiretape(args, { cwd: folder, env });
  };

  it('say where a mock gave only what stands for a token', async () => {
    const { status, stdout } = await testing({});
    expect(status).toBe(1);
    expect(stdout).toMatch(/why +the mock of exchange 2 gave what stands for a secret at body\.token \(secret-name\)/);
  }, 60_000);

  it('give the token that is supplied, and know it again in the answer', async () => {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${part({ alg: 'HS256' })}.${part({ user: 'ann', iat: 1795729887, exp: 1795733487 })}.c2lnbmF0dXJl`;
    const { status, stdout } = await testing({ TOKEN: token }, '--secret', 'token=env:TOKEN');
    expect(stdout).toMatch(/^1 passed of 1 case$/m);
    expect(status).toBe(0);
  }, 60_000);
});

(isThere ? it.skip : it)('tapes of before: ../shared/cases is not on this machine', () => undefined);
