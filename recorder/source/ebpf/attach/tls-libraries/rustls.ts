/**
 * rustls 0.21 to 0.23, linked into a program, stripped or not, with ring or (from 0.22 on) aws-lc. Knows the layouts of its versions by
 * the numbers in the paths that panic messages keep; where the functions are, code/record-vtables finds.
 */
import { recordFunctions } from '../code/record-vtables';
import type { ElfImage } from '../elf/elf';
import { firstText } from '../elf/strings';
import type { FoundFunction, FoundPlace, TlsFlavour, TlsLibrary } from './tls-library';

export const rustls: TlsLibrary = {
  name: 'rustls',
  recognise,
  probes: { by: 'code', places },
};

/** By minor version: what finds its functions, with the programs that know its layout. */
const VERSIONS: ReadonlyMap<string, (image: ElfImage) => readonly FoundPlace[]> = new Map([
  ['0.23', (image) => inTables(image, 'wt_rtls23')],
  ['0.22', (image) => inTables(image, 'wt_rtls22')],
  ['0.21', (image) => withKeys(image, { entry: 'wt_rtls21_in', return: 'wt_rtls21_out' })],
]);

/** The tables are looked for first: they are found at once, and a text in a large file is not. */
function recognise(image: ElfImage): TlsFlavour | undefined {
  const { pairs, keyed } = recordFunctions(image);
  if (pairs.length === 0 && keyed.length === 0) return undefined;
  if (versionOf(image) === undefined || places(image).length === 0) return undefined;
  return { holds: 'tls', symbols: 'runtime', label: 'rustls' };
}

/** `0.23` of `/rustls-0.23.46/src`; tokio-rustls and hyper-rustls have numbers of their own. */
function versionOf(image: ElfImage): string | undefined {
  const section = image.section('.rodata');
  if (section === undefined) return undefined;
  const folder = firstText(image, section, { opening: '/rustls-', pattern: /^\/rustls-\d+\.\d+(?=\.\d+)/ });
  return folder?.slice('/rustls-'.length);
}

function places(image: ElfImage): readonly FoundPlace[] {
  const version = versionOf(image) ?? 'unknown';
  const found = VERSIONS.get(version)?.(image);
  return found ?? [{ kind: 'refused', symbol: 'rustls', reason: `the layout of version ${version} is not known` }];
}

function inTables(image: ElfImage, programs: string): readonly FoundPlace[] {
  const { pairs } = recordFunctions(image);
  return [
    ...once(pairs.map(({ encrypt }) => encrypt)).map((address) => ({
      ...({ kind: 'function', symbol: 'MessageEncrypter::encrypt', need: 'write', address } as const),
      programs: { entry: `${programs}_wr_in`, return: `${programs}_wr_out` },
    })),
    ...once(pairs.map(({ decrypt }) => decrypt)).map((address) => ({
      ...({ kind: 'function', symbol: 'MessageDecrypter::decrypt', need: 'read', address } as const),
      programs: { entry: `${programs}_rd_in`, return: `${programs}_rd_out` },
    })),
  ];
}

/** One function alone cannot be both. */
function withKeys(image: ElfImage, programs: FoundFunction['programs']): readonly FoundPlace[] {
  const { keyed } = recordFunctions(image);
  if (keyed.length < 2) return [];
  const symbol = 'encrypt or decrypt of a message';
  return keyed.map((address) => ({ kind: 'function', symbol, need: 'either', address, programs }));
}

/** Suites may share a function. */
function once(addresses: readonly number[]): readonly number[] {
  return [...new Set(addresses)];
}
