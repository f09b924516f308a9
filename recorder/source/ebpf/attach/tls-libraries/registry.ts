/** The TLS libraries that can be read, in the order they are asked. One line each. */
import { boringssl } from './boringssl';
import { gnutls } from './gnutls';
import { go } from './go';
import { jsse } from './jsse';
import { mbedtls } from './mbedtls';
import { nss } from './nss';
import { openssl } from './openssl';
import { rustls } from './rustls';
import { s2n } from './s2n';
import type { TlsLibrary } from './tls-library';
import { wolfssl } from './wolfssl';

export const tlsLibraries: readonly TlsLibrary[] = [
  openssl,
  go,
  gnutls,
  nss,
  mbedtls,
  wolfssl,
  rustls,
  jsse,
  s2n,
  boringssl,
];
