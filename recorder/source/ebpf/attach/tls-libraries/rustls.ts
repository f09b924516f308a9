/**
 * rustls 0.22 and 0.23, linked into a program, stripped or not, with ring or aws-lc. Knows the layouts of its versions by
 * the numbers in the paths that panic messages keep; where the functions are, code/record-vtables finds.
 */
import { recordFunctions } from '../code/record-vtables';
import type { ElfImage } from '../elf/elf';
import { firstText } from '../elf/strings';
import type { FoundPlace, TlsFlavour, TlsLibrary } from './tls-library';

export const rustls: TlsLibrary = {
  name: 'rustls',
  recognise,
  probes: { by: 'code', places },
};

/** By minor version: the programs that know its layout. */
const LAYOUTS: ReadonlyMap<string, string> = new Map([
  ['0.23', 'wt_rtls23'],
  ['0.22', 'wt_rtls22'],
]);

/** The tables are looked for first: they are found at once, and a text in a large file is not. */
function recognise(image: ElfImage): TlsFlavour | undefined {
  if (recordFunctions(image).length === 0 || versionOf(image) === undefined) return undefined;
  return { holds: 'tls', symbols: 'runtime', label: 'rustls' };
}

/** `0.23` of `rustls-0.23.46/src`. */
function versionOf(image: ElfImage): string | undefined {
  const section = image.section('.rodata');
  if (section === undefined) return undefined;
  return firstText(image, section, { opening: 'rustls-', pattern: /^rustls-\d+\.\d+(?=\.\d+)/ })?.slice(
    'rustls-'.length,
  );
}

function places(image: ElfImage): readonly FoundPlace[] {
  const version = versionOf(image) ?? 'unknown';
  const programs = LAYOUTS.get(version);
  if (programs === undefined)
    return [{ kind: 'refused', symbol: 'rustls', reason: `the layout of version ${version} is not known` }];
  const found = recordFunctions(image);
  return [
    ...once(found.map(({ encrypt }) => encrypt)).map((address) => ({
      ...({ kind: 'function', symbol: 'MessageEncrypter::encrypt', need: 'write', address } as const),
      programs: { entry: `${programs}_wr_in`, return: `${programs}_wr_out` },
    })),
    ...once(found.map(({ decrypt }) => decrypt)).map((address) => ({
      ...({ kind: 'function', symbol: 'MessageDecrypter::decrypt', need: 'read', address } as const),
      programs: { entry: `${programs}_rd_in`, return: `${programs}_rd_out` },
    })),
  ];
}

/** Suites may share a function. */
function once(addresses: readonly number[]): readonly number[] {
  return [...new Set(addresses)];
}
