/**
 * Which TLS a process has aboard, read or not, in words for people. Says only what the files show: a name that is
 * mapped, a text that a library leaves in whatever it is linked into. Never claims that something is captured without
 * a plan for it.
 */
import type { ElfImage } from './elf/elf';
import { firstText } from './elf/strings';
import { fileName, type MappedImage } from './mapped-image';
import type { ProbePlan, ProcessPlan, UnreadableImage } from './plan';
import { tlsLibraries } from './tls-libraries/registry';

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
  /** What `evidenceIn` found in those images. */
  readonly evidence: readonly TlsSighting[];
}

/** Every TLS library that shows, those that are recognised first. */
export function sightTls({ images, plan, evidence }: Sighted): readonly TlsSighting[] {
  const recognised = plan.plans.filter(({ image }) => image.flavour.holds !== 'crypto').map(ofPlan);
  const closed = plan.unreadable.flatMap(ofUnreadable);
  const named = images.flatMap((image) => ofName(fileName(image.path)));
  // The JVM tells by its name what its agent tells by its plan.
  const unread = named.filter(({ library }) => !recognised.some((one) => one.captured && one.library === library));
  return [...recognised, ...closed, ...unread, ...evidence];
}

/** Libraries that are read, by the names of their files: one that cannot be opened is known by nothing else. */
const READABLE: readonly (readonly [RegExp, string])[] = [
  [/^libssl3\.so$/, 'NSS'],
  [/^libssl[\w-]*\.so(?:\.[\d.]+)?$/, 'OpenSSL'],
  [/^libgnutls\.so/, 'GnuTLS'],
  [/^libmbedtls\.so/, 'mbedTLS'],
  [/^libwolfssl\.so/, 'wolfSSL'],
  [/^libs2n\.so/, 's2n'],
];

/** Such as one that an upgrade replaced. */
function ofUnreadable({ path, reason }: UnreadableImage): readonly TlsSighting[] {
  const file = fileName(path);
  const known = READABLE.find(([name]) => name.test(file));
  return known === undefined ? [] : [{ file, library: known[1], captured: false, how: `shared ${file}: ${reason}` }];
}

function ofPlan({ image, probes, refusals }: ProbePlan): TlsSighting {
  const { label: file, flavour } = image;
  const library = flavour.label;
  const [refusal] = refusals;
  if (refusal !== undefined) return { file, library, captured: false, how: `${refusal.symbol}: ${refusal.reason}` };
  const where = flavour.holds === 'tls' && flavour.symbols !== 'runtime' ? `shared ${file}` : `own copy in ${file}`;
  const readsAndWrites = probes.filter((probe) => probe.need !== 'optional');
  const inner = readsAndWrites.some((probe) => probe.symbol.startsWith('inner function'));
  const which =
    flavour.symbols === 'runtime' ? 'places found in its code' : `${inner ? 'inner' : 'exported'} functions`;
  const slow = readsAndWrites.some((probe) => probe.why.includes('single-stepped')) ? ', at a higher cost' : '';
  return { file, library, captured: true, how: `${where}: ${which}${slow}` };
}

/** Libraries that are not read, by the names of their files. */
const NAMED: readonly (readonly [RegExp, string, string])[] = [
  [/^libjvm\.so$/, 'JSSE', 'Java: TLS of JSSE is read on request, by an agent in the JVM: wiretape record --java'],
];

function ofName(file: string): readonly TlsSighting[] {
  const known = NAMED.find(([name]) => name.test(file));
  return known === undefined ? [] : [{ file, library: known[1], captured: false, how: known[2] }];
}

/** TLS that was linked into a file without leaving its functions' names: what gives itself away by other texts. */
export function evidenceIn(file: string, image: ElfImage): readonly TlsSighting[] {
  // Such files may hold OpenSSL's texts too, out of the headers they were built with.
  if (image.needed.some((name) => /^lib(?:ssl|crypto)\b/.test(name))) return [];
  if (ofName(file).length > 0) return []; // its name tells already
  const flavours = tlsLibraries.flatMap((library) => library.recognise(image) ?? []);
  // Tells of itself by its plan. A `crypto` half may be all that a file names of an OpenSSL that is whole.
  const flavour = flavours.find(({ symbols }) => symbols !== 'runtime');
  const holdsLibssl = holdsText(image, '.rodata', LIBSSL_TEXT);
  if (flavour !== undefined && (flavour.holds !== 'crypto' || !holdsLibssl)) return [];
  // A folder name in panic messages, such as rustls-0.23.12; one that is recognised tells of itself by its plan.
  const isKnown = flavours.some(({ label }) => label === 'rustls');
  if (!isKnown && textIn(image, { opening: 'rustls-', pattern: /^rustls-\d+\.\d+/ }) !== undefined)
    return [unread(file, 'rustls')];
  const version = textIn(image, { opening: 'OpenSSL ', pattern: OPENSSL_VERSION });
  if (version !== undefined || holdsLibssl) {
    const fork = /\(compatible; ([A-Za-z-]+)/.exec(version ?? '')?.[1] ?? 'OpenSSL';
    if (flavours.some(({ symbols, label }) => symbols === 'runtime' && label === fork)) return []; // found by its table
    return [withoutSymbols(file, fork, version ?? 'OpenSSL')];
  }
  // Go's own cryptography may be BoringSSL's, without its TLS.
  if (flavours.length > 0) return [];
  return holdsText(image, '.rodata', '/boringssl') ? [withoutSymbols(file, 'BoringSSL', 'BoringSSL')] : [];
}

/** OPENSSL_VERSION_TEXT, which libcrypto leaves wherever it is linked into, unless nobody asks for it. */
const OPENSSL_VERSION = /^OpenSSL \d\.\d\.\d+[a-z]* (?:\d{1,2} \w{3} \d{4}|\(compatible; [\w .-]+\))/;

/** A source file of libssl since OpenSSL 1.1.0, in its error reports: tells OpenSSL from its libcrypto alone. */
const LIBSSL_TEXT = 'ssl/statem/statem';

function unread(file: string, library: string): TlsSighting {
  return { file, library, captured: false, how: `${library} in ${file} is not captured yet` };
}

function withoutSymbols(file: string, library: string, name: string): TlsSighting {
  const how = `${name} is linked into ${file} without the names of its functions: TLS done by it is not captured`;
  return { file, library, captured: false, how };
}

function holdsText(image: ElfImage, sectionName: string, text: string): boolean {
  const section = image.section(sectionName);
  return section !== undefined && firstText(image, section, { opening: text, pattern: /^/ }) !== undefined;
}

function textIn(image: ElfImage, search: { opening: string; pattern: RegExp }): string | undefined {
  const section = image.section('.rodata');
  return section === undefined ? undefined : firstText(image, section, search);
}
