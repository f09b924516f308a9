/** The TLS libraries that can be read, in the order they are asked. One line each. */
import { go } from './go';
import { openssl } from './openssl';
import type { TlsLibrary } from './tls-library';

export const tlsLibraries: readonly TlsLibrary[] = [openssl, go];
