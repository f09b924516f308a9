/**
 * wolfSSL 3 to 5, by the names of its functions, shared or linked in. Knows names and signatures; places no probe.
 *
 *   int wolfSSL_read(WOLFSSL *, void *, int)     int wolfSSL_write(WOLFSSL *, const void *, int)
 * wolfSSL_recv, _send and _writev call these. wolfSSL_peek calls what wolfSSL_read calls, and says so by a fourth argument.
 */
import { THREE_ARGUMENT_REGISTERS } from '../code/prologue';
import type { ElfImage } from '../elf/elf';
import { entryHook, hookBoth, namedFlavour } from './by-name';
import type { TlsFlavour, TlsLibrary } from './tls-library';

export const wolfssl: TlsLibrary = {
  name: 'wolfssl',
  markers: ['wolfSSL_read'],
  recognise,
  probes: {
    by: 'name',
    hooks: () => [
      ...hookBoth('wolfSSL_read', ['wt_wolf_rd_in', 'wt_wolf_rd_out'], 'read'),
      ...hookBoth('wolfSSL_write', ['wt_wolf_wr_in', 'wt_wolf_wr_out'], 'write'),
      entryHook('wolfSSL_set_fd', 'wt_wolf_set'),
      entryHook('wolfSSL_clear', 'wt_wolf_set'),
      entryHook('wolfSSL_free', 'wt_wolf_free'),
      ...hookBoth('wolfSSL_ALPN_GetProtocol', ['wt_wolf_alpn_in', 'wt_wolf_alpn_out'], 'optional'),
    ],
    innerFunctions: () => [
      {
        name: 'inner function of wolfSSL_read',
        wrapper: 'wolfSSL_peek',
        replaces: ['wolfSSL_read', 'wolfSSL_peek'],
        keeps: THREE_ARGUMENT_REGISTERS,
        programs: { entry: 'wt_wolf_rdi_in', return: 'wt_wolf_rd_out' },
      },
    ],
    builtOn: new Map(),
  },
};

function recognise(image: ElfImage): TlsFlavour | undefined {
  return namedFlavour(image, ['wolfSSL_read', 'wolfSSL_write'], 'wolfSSL');
}
