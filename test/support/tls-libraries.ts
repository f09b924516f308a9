/**
 * Programs of fixtures/apps/tls-libraries, built now against what the distribution brings for compiling. Where it is not
 * installed the tests are listed as skipped, with the package in the name; under WIRETAPE_REQUIRE_E2E=1 that is a failure instead.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bothVersions, type TlsVersion } from './echo-traffic';
import { apps, type Certificate } from './programs';

export interface BuiltLibrary {
  /** The word on the tape, and the name of the source. */
  readonly name: string;
  readonly flags: readonly string[];
  readonly header: string;
  readonly package: string;
  /** Of TLS, that the distribution's build and its defaults speak. */
  readonly versions: readonly TlsVersion[];
  /** Ways of doing it that the program knows, beside the plain one. */
  readonly ways: readonly string[];
}

export const builtLibraries: readonly BuiltLibrary[] = [
  {
    name: 'gnutls',
    flags: ['-lgnutls'],
    header: '/usr/include/gnutls/gnutls.h',
    package: 'libgnutls28-dev',
    versions: bothVersions,
    ways: ['send2', 'cork', 'packet', 'push', 'file'],
  },
  {
    name: 'nss',
    flags: ['-I/usr/include/nss', '-I/usr/include/nspr', '-lssl3', '-lnss3', '-lnspr4'],
    header: '/usr/include/nss/ssl.h',
    package: 'libnss3-dev',
    versions: bothVersions,
    ways: ['recv', 'peek', 'writev'],
  },
  {
    name: 'mbedtls',
    flags: ['-lmbedtls', '-lmbedx509', '-lmbedcrypto'],
    header: '/usr/include/mbedtls/ssl.h',
    package: 'libmbedtls-dev',
    versions: ['1.2'],
    ways: [],
  },
  {
    name: 'wolfssl',
    flags: ['-lwolfssl'],
    header: '/usr/include/wolfssl/ssl.h',
    package: 'libwolfssl-dev',
    versions: bothVersions,
    ways: ['peek'],
  },
];

interface NeededFile {
  readonly file: string;
  readonly package: string;
  /** Newer Debian has it no more, so set-up does not install it. */
  readonly isGone?: boolean;
}

/** `describe` for tests that need a file of a package of the distribution. */
export function describeWithPackage(name: string, needed: NeededFile, tests: () => void): void {
  if (existsSync(needed.file)) describe(name, tests);
  else if (!needed.isGone && process.env.WIRETAPE_REQUIRE_E2E === '1')
    describe(name, () => failWithout(needed.package));
  else describe.skip(`${name} [needs the package ${needed.package}]`, tests);
}

function failWithout(name: string): void {
  it('can run on this machine', () => {
    throw new Error(`Tests of TLS libraries are required here, and the package ${name} is not installed`);
  });
}

/** Builds the echo of a library; `more` are arguments for the compiler. */
export function buildEcho({ name, flags }: BuiltLibrary, output: string, more: readonly string[] = []): string {
  const source = (file: string) => join(apps, 'tls-libraries', file);
  const warnings = ['-Wall', '-Wextra', '-Werror'];
  const sources = [source('echo.c'), source(`${name}.c`)];
  execFileSync('cc', ['-O1', ...warnings, '-o', output, ...sources, ...more, ...flags, '-lpthread']);
  return output;
}

/** What NSS takes for a certificate: a database in this folder, which must be there, and the name in it. */
export function makeNssDatabase(folder: string, { cert, key }: Certificate): readonly [folder: string, name: string] {
  const [database, packed] = [`sql:${folder}`, join(folder, 'packed.p12')];
  const pack = ['pkcs12', '-export', '-in', cert, '-inkey', key, '-name', 'localhost', '-passout', 'pass:'];
  execFileSync('certutil', ['-N', '-d', database, '--empty-password']);
  execFileSync('openssl', [...pack, '-out', packed]);
  execFileSync('pk12util', ['-i', packed, '-d', database, '-W', ''], { stdio: 'ignore' });
  return [database, 'localhost'];
}
