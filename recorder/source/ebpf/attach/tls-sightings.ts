/**
 * Which TLS a process has aboard, read or not, in words for people. Says only what the files show: a name that is
 * mapped, a text that a library leaves in whatever it is linked into. Never claims that something is captured without
 * a plan for it.
 */
import type { ElfImage, ElfSection } from './elf/elf';
import { firstText } from './elf/strings';
import { fileName, type MappedImage } from './mapped-image';
import type { ProbePlan, ProcessPlan } from './plan';

export interface TlsSighting {
  /** Last part of the file's path: `libssl.so.3`, `node`. */
  readonly file: string;
  readonly library: string;
  readonly captured: boolean;
  /** How, or why not. */
  readonly how: string;
}

export interface Sighted {
  readonly images: readonly MappedImage[];
  readonly plan: ProcessPlan;
  /** The process's executable, where it could be read. */
  readonly executable: { readonly file: string; readonly image: ElfImage } | undefined;
}

/** Every TLS library that shows, those that are read first. */
export function sightTls({ images, plan, executable }: Sighted): readonly TlsSighting[] {
  const planned = plan.plans.filter(({ image }) => image.flavour.holds !== 'crypto').map(ofPlan);
  const named = images.flatMap((image) => ofName(fileName(image.path)));
  const inside = planned.length > 0 || executable === undefined ? [] : ofExecutable(executable.file, executable.image);
  return [...planned, ...named, ...inside];
}

function ofPlan({ image, probes, refusals }: ProbePlan): TlsSighting {
  const { label: file, flavour } = image;
  const library = flavour.label;
  const [refusal] = refusals;
  if (refusal !== undefined) return { file, library, captured: false, how: `${refusal.symbol}: ${refusal.reason}` };
  const where = flavour.holds === 'tls' ? `shared ${file}` : `own copy in ${file}`;
  const readsAndWrites = probes.filter((probe) => probe.group === 'base' && probe.required);
  const inner = readsAndWrites.some((probe) => probe.symbol.startsWith('inner function'));
  const slow = readsAndWrites.some((probe) => probe.why.includes('single-stepped')) ? ', at a higher cost' : '';
  return { file, library, captured: true, how: `${where}: ${inner ? 'inner' : 'exported'} functions${slow}` };
}

/** Libraries known by the names of their files. */
const NAMED: readonly (readonly [RegExp, string, string])[] = [
  [/^libjvm\.so$/, 'JSSE', 'Java: TLS done by JSSE is not captured yet'],
  [/^libgnutls\.so/, 'GnuTLS', 'GnuTLS is not captured yet'],
  [/^libssl3\.so$/, 'NSS', 'NSS is not captured yet'],
  [/^libmbedtls\.so/, 'mbedTLS', 'mbedTLS is not captured yet'],
  [/^libwolfssl\.so/, 'wolfSSL', 'wolfSSL is not captured yet'],
  [/^libs2n\.so/, 's2n', 's2n is not captured yet'],
];

function ofName(file: string): readonly TlsSighting[] {
  const known = NAMED.find(([name]) => name.test(file));
  return known === undefined ? [] : [{ file, library: known[1], captured: false, how: known[2] }];
}

/** What gives itself away inside an executable that no library recognised. */
function ofExecutable(file: string, image: ElfImage): readonly TlsSighting[] {
  const go = textIn(image, '.gopclntab', /^crypto\/tls\.\(\*Conn\)\.Write/, 'crypto/tls.(*Conn).Write');
  if (go !== undefined)
    return [{ file, library: 'Go crypto/tls', captured: false, how: 'Go crypto/tls is not captured yet' }];
  const constants = '.rodata';
  const rustls = textIn(image, constants, /^rustls-\d+\.\d+/, 'rustls-'); // a folder name in panic messages
  if (rustls !== undefined) return [{ file, library: 'rustls', captured: false, how: 'rustls is not captured yet' }];
  // OPENSSL_VERSION_TEXT, which libcrypto leaves wherever it is linked: `OpenSSL 3.0.19 27 Jan 2026`.
  const openssl = textIn(
    image,
    constants,
    /^OpenSSL \d\.\d\.\d+[a-z]* (?:\d{1,2} \w{3} \d{4}|\(compatible; [\w -]+\))/,
    'OpenSSL ',
  );
  if (openssl === undefined) return [];
  const how = `${openssl} is linked in without symbols: TLS done by it is not captured`;
  return [{ file, library: 'OpenSSL', captured: false, how }];
}

function textIn(image: ElfImage, sectionName: string, pattern: RegExp, opening: string): string | undefined {
  const section: ElfSection | undefined = image.section(sectionName);
  return section === undefined ? undefined : firstText(image, section, { pattern, opening });
}
