/**
 * BoringSSL, and its fork AWS-LC, that is linked into a program without the names of its functions; where they have names it is one of the OpenSSL family.
 * Where its functions are, code/protocol-methods finds; knows what they are called in its source, and their programs.
 *
 *   ssl_open_record_t open_handshake(SSL *, size_t *consumed, uint8_t *alert, Span<uint8_t> in)
 *   ssl_open_record_t open_app_data(SSL *, Span<uint8_t> *out, size_t *consumed, uint8_t *alert, Span<uint8_t> in)
 *   int write_app_data(SSL *, bool *needs_handshake, size_t *written, Span<const uint8_t> in)
 */
import { type ProtocolFunctions, protocolFunctions } from '../code/protocol-methods';
import type { ElfImage } from '../elf/elf';
import { firstText } from '../elf/strings';
import type { FoundFunction, FoundPlace, TlsFlavour, TlsLibrary } from './tls-library';

export const boringssl: TlsLibrary = {
  name: 'boringssl',
  recognise,
  probes: { by: 'code', places },
};

/** With these it is read by name. */
const NAMED = [
  ['SSL_read', 'SSL_read_ex'],
  ['SSL_write', 'SSL_write_ex'],
];

function recognise(image: ElfImage): TlsFlavour | undefined {
  // What is exported is found at once, as that of Node.js.
  if (isNamed(image, 'exported') || protocolFunctions(image) === undefined || isNamed(image, 'all')) return undefined;
  return { holds: 'tls', symbols: 'runtime', label: lineage(image) };
}

/** By the text of its version, which BoringSSL itself hardly ever leaves. */
function lineage(image: ElfImage): string {
  const section = image.section('.rodata');
  const fork = { opening: 'OpenSSL ', pattern: /^OpenSSL \d\.\d\.\d+ \(compatible; AWS-LC/ };
  return section !== undefined && firstText(image, section, fork) !== undefined ? 'AWS-LC' : 'BoringSSL';
}

function isNamed(image: ElfImage, depth: 'exported' | 'all'): boolean {
  const found = image.functions(NAMED.flat(), depth);
  return NAMED.every((names) => names.some((name) => found.has(name)));
}

function places(image: ElfImage): readonly FoundPlace[] {
  const functions = protocolFunctions(image);
  if (functions === undefined)
    return [{ kind: 'refused', symbol: 'SSL_PROTOCOL_METHOD', reason: 'the file has no such table' }];
  return HOOKS.map(({ place, ...hook }) => ({ kind: 'function', address: functions[place], ...hook }));
}

type Hook = Pick<FoundFunction, 'symbol' | 'need' | 'programs'> & { readonly place: keyof ProtocolFunctions };

const HOOKS: readonly Hook[] = [
  { place: 'begin', symbol: 'tls_new', need: 'optional', programs: { entry: 'wt_brng_new', return: null } },
  { place: 'free', symbol: 'tls_free', need: 'optional', programs: { entry: 'wt_brng_free', return: null } },
  {
    ...{ place: 'openHandshake', symbol: 'tls_open_handshake', need: 'optional' },
    programs: { entry: 'wt_brng_hello', return: null },
  },
  {
    ...{ place: 'openData', symbol: 'tls_open_app_data', need: 'read' },
    programs: { entry: 'wt_brng_rd_in', return: 'wt_brng_rd_out' },
  },
  {
    ...{ place: 'writeData', symbol: 'tls_write_app_data', need: 'write' },
    programs: { entry: 'wt_brng_wr_in', return: 'wt_brng_wr_out' },
  },
];
