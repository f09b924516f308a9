/**
 * The OpenSSL family: OpenSSL 1.0.2 to 3.x, LibreSSL and BoringSSL, by the names of their functions, whether they
 * live in a shared libssl or were linked into an executable or module. Knows names and signatures; places no probe.
 *
 *   SSL_read(s, buf, int n) -> int            SSL_read_ex(s, buf, size_t n, size_t *done) -> 0/1
 *   SSL_write_ex2(s, buf, size_t n, uint64_t flags, size_t *done) -> 0/1          (OpenSSL 3.3)
 *   SSL_get0_alpn_selected(s, const unsigned char **name, unsigned *length)
 * What the inner functions of OpenSSL 3 take is what their wrapper takes; they return <= 0 where it returns 0.
 */
import type { ElfImage } from '../elf/elf';
import { entryHook, hookBoth, isNamedInFull } from './by-name';
import type { InnerFunction, TlsFlavour, TlsLibrary, UprobeHook } from './tls-library';

const READS = ['SSL_read', 'SSL_read_ex'];
const WRITES = ['SSL_write', 'SSL_write_ex', 'SSL_write_ex2'];
const OWN = [...READS, ...WRITES, 'BIO_write'];

export const openssl: TlsLibrary = {
  name: 'openssl',
  markers: OWN,
  recognise,
  probes: {
    by: 'name',
    hooks: ({ holds }) => [...(holds === 'crypto' ? [] : tlsHooks), ...(holds === 'tls' ? [] : cryptoHooks)],
    innerFunctions: ({ holds }) => [...(holds === 'crypto' ? [] : tlsInner), ...(holds === 'tls' ? [] : cryptoInner)],
    // LibreSSL's _ex forms call the plain ones; since OpenSSL 3.3 SSL_write_ex calls SSL_write_ex2.
    builtOn: new Map([
      ['SSL_read_ex', ['SSL_read']],
      ['SSL_write_ex', ['SSL_write', 'SSL_write_ex2']],
      ['BIO_write_ex', ['BIO_write']],
      ['BIO_write', ['BIO_write_ex']],
    ]),
  },
};

/**
 * By what the file defines, never by its name: wheels carry `libssl-3e69114b.so.1.1`, NSS a `libssl3.so`. One way to read
 * and one to write are enough: the linker leaves out what a program does not call, and Rust calls the `_ex` forms only.
 */
function recognise(image: ElfImage): TlsFlavour | undefined {
  const found = image.functions(OWN, 'all');
  const defines = (name: string) => found.has(name);
  const [tls, crypto] = [READS.some(defines) && WRITES.some(defines), defines('BIO_write')];
  if (!tls && !crypto) return undefined;
  // libgnutls-openssl has functions of OpenSSL that call GnuTLS, which is read itself.
  if (!crypto && image.needed.some((name) => name.startsWith('libgnutls.so'))) return undefined;
  const symbols = isNamedInFull([...found.values()]) ? 'all' : 'exported';
  return { holds: !tls ? 'crypto' : crypto ? 'tls-and-crypto' : 'tls', symbols, label: lineage(image, symbols) };
}

/** Each name is defined by one member of the family only. */
function lineage(image: ElfImage, symbols: 'exported' | 'all'): string {
  const boring = ['SSL_CTX_set_grease_enabled', 'BORINGSSL_self_test'];
  const found = image.functions([...boring, 'SSL_CTX_use_certificate_chain_mem'], symbols);
  if (boring.some((name) => found.has(name))) return 'BoringSSL';
  return found.size > 0 ? 'LibreSSL' : 'OpenSSL';
}

const tlsHooks: readonly UprobeHook[] = [
  ...hookBoth('SSL_read', ['wt_ssl_rd_in', 'wt_ssl_rd_out'], 'read'),
  ...hookBoth('SSL_read_ex', ['wt_ssl_rdx_in', 'wt_ssl_rdx_out'], 'read'),
  ...hookBoth('SSL_write', ['wt_ssl_wr_in', 'wt_ssl_wr_out'], 'write'),
  ...hookBoth('SSL_write_ex', ['wt_ssl_wrx_in', 'wt_ssl_wrx_out'], 'write'),
  ...hookBoth('SSL_write_ex2', ['wt_ssl_wrx2_in', 'wt_ssl_wrx_out'], 'write'),
  entryHook('SSL_set_fd', 'wt_ssl_set_fd'),
  entryHook('SSL_set_rfd', 'wt_ssl_set_fd'),
  entryHook('SSL_set_wfd', 'wt_ssl_set_fd'),
  entryHook('SSL_set_bio', 'wt_ssl_set_bio'),
  entryHook('SSL_set0_rbio', 'wt_ssl_set_rbio'),
  entryHook('SSL_set0_wbio', 'wt_ssl_set_wbio'),
  entryHook('SSL_free', 'wt_ssl_free'),
  ...hookBoth('SSL_get0_alpn_selected', ['wt_ssl_alpn_in', 'wt_ssl_alpn_out'], 'optional'),
];

/** `BIO_write(b, data, int n)` and `BIO_write_ex(b, data, size_t n, size_t *)` agree in what the program reads. */
const cryptoHooks: readonly UprobeHook[] = [
  entryHook('BIO_write', 'wt_bio_write', 'memory-bio'),
  entryHook('BIO_write_ex', 'wt_bio_write', 'memory-bio'),
];

const tlsInner: readonly InnerFunction[] = [
  {
    name: 'inner function of SSL_read',
    wrapper: 'SSL_read_ex',
    replaces: ['SSL_read', 'SSL_read_ex'],
    programs: { entry: 'wt_ssl_rdx_in', return: 'wt_ssl_rdx_out' },
  },
  {
    name: 'inner function of SSL_write',
    wrapper: 'SSL_write_ex2',
    replaces: ['SSL_write', 'SSL_write_ex', 'SSL_write_ex2'],
    programs: { entry: 'wt_ssl_wrx2_in', return: 'wt_ssl_wrx_out' },
  },
  {
    name: 'inner function of SSL_write',
    wrapper: 'SSL_write_ex',
    replaces: ['SSL_write', 'SSL_write_ex', 'SSL_write_ex2'],
    programs: { entry: 'wt_ssl_wrx_in', return: 'wt_ssl_wrx_out' },
  },
];

const cryptoInner: readonly InnerFunction[] = [
  {
    name: 'inner function of BIO_write',
    wrapper: 'BIO_write_ex',
    replaces: ['BIO_write', 'BIO_write_ex'],
    programs: { entry: 'wt_bio_write', return: null },
  },
];
