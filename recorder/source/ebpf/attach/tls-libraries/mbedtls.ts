/**
 * Mbed TLS 2.x and 3.x, by the names of its functions, shared or linked in. Knows names and signatures; places no probe.
 *
 *   int mbedtls_ssl_read(mbedtls_ssl_context *, unsigned char *, size_t)       int mbedtls_ssl_write(…, const …)
 *   const char *mbedtls_ssl_get_alpn_protocol(const mbedtls_ssl_context *)
 */
import type { ElfImage } from '../elf/elf';
import { entryHook, hookBoth, namedFlavour } from './by-name';
import type { TlsFlavour, TlsLibrary } from './tls-library';

export const mbedtls: TlsLibrary = {
  name: 'mbedtls',
  markers: ['mbedtls_ssl_read'],
  recognise,
  probes: {
    by: 'name',
    hooks: () => [
      ...hookBoth('mbedtls_ssl_read', ['wt_mbed_rd_in', 'wt_mbed_rd_out'], 'read'),
      ...hookBoth('mbedtls_ssl_write', ['wt_mbed_wr_in', 'wt_mbed_wr_out'], 'write'),
      ...hookBoth('mbedtls_ssl_get_alpn_protocol', ['wt_mbed_alpn_in', 'wt_mbed_alpn_out'], 'optional'),
      entryHook('mbedtls_ssl_set_bio', 'wt_mbed_set'),
      entryHook('mbedtls_ssl_session_reset', 'wt_mbed_set'),
      entryHook('mbedtls_ssl_free', 'wt_mbed_free'),
    ],
    innerFunctions: () => [],
    builtOn: new Map(),
  },
};

function recognise(image: ElfImage): TlsFlavour | undefined {
  return namedFlavour(image, ['mbedtls_ssl_read', 'mbedtls_ssl_write'], 'mbedTLS');
}
