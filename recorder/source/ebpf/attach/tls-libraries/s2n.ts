/**
 * s2n-tls 1.x, by the names of its functions, shared or linked in. Knows names and signatures; places no probe.
 *
 *   ssize_t s2n_recv(connection *, void *, ssize_t, blocked *)     ssize_t s2n_send(connection *, const void *, ssize_t, blocked *)
 *   ssize_t s2n_sendv(connection *, const iovec *, ssize_t, blocked *), and with an offset before the last
 *   const char *s2n_get_application_protocol(connection *)
 * The functions that send may call one another: the kernel side takes the outermost. s2n_sendfile needs TLS in the kernel.
 */
import type { ElfImage } from '../elf/elf';
import { entryHook, hookBoth, namedFlavour } from './by-name';
import type { TlsFlavour, TlsLibrary } from './tls-library';

export const s2n: TlsLibrary = {
  name: 's2n',
  markers: ['s2n_recv'],
  recognise,
  probes: {
    by: 'name',
    hooks: () => [
      ...hookBoth('s2n_recv', ['wt_s2n_rd_in', 'wt_s2n_rd_out'], 'read'),
      ...hookBoth('s2n_send', ['wt_s2n_wr_in', 'wt_s2n_wr_out'], 'write'),
      ...hookBoth('s2n_sendv', ['wt_s2n_wv_in', 'wt_s2n_wr_out'], 'optional'),
      ...hookBoth('s2n_sendv_with_offset', ['wt_s2n_wo_in', 'wt_s2n_wr_out'], 'optional'),
      ...hookBoth('s2n_get_application_protocol', ['wt_s2n_alpn_in', 'wt_s2n_alpn_out'], 'optional'),
      entryHook('s2n_connection_wipe', 'wt_s2n_wipe'),
      entryHook('s2n_connection_free', 'wt_s2n_free'),
    ],
    innerFunctions: () => [],
    builtOn: new Map(),
  },
};

function recognise(image: ElfImage): TlsFlavour | undefined {
  return namedFlavour(image, ['s2n_recv', 's2n_send'], 's2n');
}
