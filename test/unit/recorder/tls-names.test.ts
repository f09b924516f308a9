import { execFileSync } from 'node:child_process';
import { namedSuites, suiteName, versionOf } from '../../../recorder/source/tls-names';

/** `0x13,0x01 - TLS_AES_128_GCM_SHA256 - …`, as OpenSSL has them. */
function suitesOfOpenssl(): ReadonlyMap<number, string> {
  const text = execFileSync('openssl', ['ciphers', '-V', '-stdname', 'ALL:COMPLEMENTOFALL:@SECLEVEL=0'], {
    encoding: 'utf8',
  });
  const lines = [...text.matchAll(/0x(\w\w),0x(\w\w) - (TLS_\w+) /g)];
  return new Map(lines.map(([, high, low, name = '']) => [Number.parseInt(`${high}${low}`, 16), name]));
}

it('names suites as OpenSSL does', () => {
  const theirs = suitesOfOpenssl();
  const shared = namedSuites().filter(([suite]) => theirs.has(suite));
  expect(shared.length).toBeGreaterThan(25);
  for (const [suite, name] of shared) expect([suite, name]).toEqual([suite, theirs.get(suite)]);
});

it('gives the number of one that has no name here, and nothing for none', () => {
  expect(suiteName(0xc0ac)).toBe('0xc0ac');
  expect(suiteName(0x0005)).toBe('0x0005');
  expect(suiteName(0)).toBeNull();
});

it.each([
  [0x0303, 0x1302, '1.3'],
  [0x0303, 0x00c6, '1.3'],
  [0x0303, 0xc02f, '1.2'],
  [0x0302, 0x002f, '1.1'],
  [0x0301, 0x002f, '1.0'],
  [0x7777, 0x002f, null],
])('knows the version of %i with suite %i', (legacy, suite, version) => {
  expect(versionOf(legacy, suite)).toBe(version);
});
