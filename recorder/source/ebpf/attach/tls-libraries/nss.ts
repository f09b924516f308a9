/**
 * NSS (libssl3): PR_Read, PR_Write and their relatives serve any file. What is TLS among it goes through a table of
 * functions that libssl3 keeps for sockets whose TLS is in use; those are watched, so nothing else is ever looked at. The
 * table has no name: it is told by its code. `read` in it hands its arguments over to `receive`, and `write` to `send`.
 *
 *   int receive(sslSocket *, unsigned char *, int n, int flags)      int read(sslSocket *, unsigned char *, int n)
 *   int send(sslSocket *, const unsigned char *, int n, int flags)   int write(sslSocket *, const unsigned char *, int n)
 */
import { handsOverTo } from '../code/inner-call';
import { THREE_ARGUMENT_REGISTERS } from '../code/prologue';
import type { ElfImage } from '../elf/elf';
import { wordsOf } from '../elf/pointers';
import { namedFlavour } from './by-name';
import type { FoundPlace, TlsFlavour, TlsLibrary } from './tls-library';

const OWN = ['SSL_ImportFD', 'SSL_ResetHandshake', 'SSL_GetChannelInfo'];

export const nss: TlsLibrary = {
  name: 'nss',
  markers: OWN.slice(0, 1),
  recognise,
  probes: { by: 'code', places },
};

/** Where such tables lie: pointers that the loader puts in, never written to afterwards. */
const SECTIONS = ['.data.rel.ro', '.data.rel.ro.local', '.rodata'];
const WRAPPER_BYTES = 32;
const TABLE = 'table of secure sockets';

/** close, receive, send, read, write: a run of five words. */
interface Table {
  readonly close: number;
  readonly receive: number;
  readonly send: number;
}

function recognise(image: ElfImage): TlsFlavour | undefined {
  return namedFlavour(image, OWN, 'NSS');
}

function places(image: ElfImage): readonly FoundPlace[] {
  const tables = SECTIONS.flatMap((name) => tablesIn(image, name));
  const [table] = tables;
  if (table === undefined || tables.length > 1)
    return [{ kind: 'refused', symbol: TABLE, reason: `${tables.length} tables look like it, not one` }];
  return [
    {
      ...{ kind: 'function', symbol: 'inner function of PR_Read', need: 'read', address: table.receive },
      programs: { entry: 'wt_nss_rd_in', return: 'wt_nss_rd_out' },
    },
    {
      ...{ kind: 'function', symbol: 'inner function of PR_Write', need: 'write', address: table.send },
      programs: { entry: 'wt_nss_wr_in', return: 'wt_nss_wr_out' },
    },
    {
      ...{ kind: 'function', symbol: 'inner function of PR_Close', need: 'optional', address: table.close },
      programs: { entry: 'wt_nss_free', return: null },
    },
  ];
}

function tablesIn(image: ElfImage, name: string): readonly Table[] {
  const section = image.section(name);
  if (section === undefined) return [];
  const words = wordsOf(image, section);
  const tables: Table[] = [];
  for (let i = 0; i + 5 <= words.length; i++) {
    const [close = 0, receive = 0, send = 0, read = 0, write = 0] = words.subarray(i, i + 5);
    const isTable = receive !== send && leadsTo(image, read, receive) && leadsTo(image, write, send);
    if (isTable && image.fileOffsetOf(close) !== undefined) tables.push({ close, receive, send });
  }
  return tables;
}

function leadsTo(image: ElfImage, from: number, to: number): boolean {
  if (from === 0 || to === 0 || from === to || image.fileOffsetOf(from) === undefined) return false;
  const wrapper = { name: TABLE, address: from, body: image.code(from, WRAPPER_BYTES) };
  return handsOverTo(wrapper, THREE_ARGUMENT_REGISTERS) === to;
}
