/**
 * GnuTLS 3: all records of application data pass two functions without a name, whichever exported one was called, corked or
 * not. Each is found as what two exported functions call with the constants of what they do; nothing is taken for granted
 * that both do not show.
 *
 *   ssize_t send(session, content type, handshake type, epoch, const void *data, size_t n, size_t padding, flags)
 *   ssize_t receive(session, content type, void *data, size_t n, void *sequence, unsigned timeout)
 */
import { calledAfter, type FunctionCode } from '../code/inner-call';
import type { ElfImage } from '../elf/elf';
import { namedFlavour } from './by-name';
import type { FoundPlace, TlsFlavour, TlsLibrary } from './tls-library';

const OWN = ['gnutls_record_send', 'gnutls_record_recv', 'gnutls_handshake'];

export const gnutls: TlsLibrary = {
  name: 'gnutls',
  markers: OWN.slice(0, 1),
  recognise,
  probes: { by: 'code', places },
};

const SENDS = ['gnutls_record_send2', 'gnutls_record_send', 'gnutls_alert_send'];
const RECEIVES = ['gnutls_record_recv', 'gnutls_record_recv_seq'];
const PACKET = 'gnutls_record_recv_packet';
const SETS = ['gnutls_transport_set_ptr', 'gnutls_transport_set_ptr2', 'gnutls_transport_set_int2'];
const DEINIT = 'gnutls_deinit';
const ASKS = 'gnutls_alpn_get_selected_protocol';

/** `mov $23,%esi`, `mov $21,%esi`: the content types of application data and of alerts (RFC 8446 5.1). */
const APPLICATION_DATA = [0xbe, 23, 0, 0, 0];
const ALERT = [0xbe, 21, 0, 0, 0];
/** `mov $-1,%edx`: no handshake type. */
const NO_HANDSHAKE = [0xba, 0xff, 0xff, 0xff, 0xff];

/** Longer functions are looked at up to here. */
const BODY_MOST = 4096;

function recognise(image: ElfImage): TlsFlavour | undefined {
  return namedFlavour(image, OWN, 'GnuTLS');
}

function places(image: ElfImage): readonly FoundPlace[] {
  const named = codeOf(image, [...SENDS, ...RECEIVES, PACKET, ...SETS, DEINIT, ASKS]);
  return [
    found('inner function of gnutls_record_send', 'write', senders(named), ['wt_gtls_wr_in', 'wt_gtls_wr_out']),
    found('inner function of gnutls_record_recv', 'read', receivers(named), ['wt_gtls_rd_in', 'wt_gtls_rd_out']),
    ...exported(named, PACKET, ['wt_gtls_pkt_in', 'wt_gtls_pkt_out']),
    ...SETS.flatMap((name) => exported(named, name, ['wt_gtls_set', null])),
    ...exported(named, DEINIT, ['wt_gtls_free', null]),
    ...exported(named, ASKS, ['wt_gtls_alpn_in', 'wt_gtls_alpn_out']),
  ];
}

type Named = ReadonlyMap<string, FunctionCode>;
type Programs = readonly [entry: string, atReturn: string | null];

/** What sends data and alerts alike, under their content types. */
function senders(named: Named): readonly number[] {
  const alerts = callsOf(named, ['gnutls_alert_send'], [ALERT, NO_HANDSHAKE]);
  const data = callsOf(named, ['gnutls_record_send2', 'gnutls_record_send'], [APPLICATION_DATA, NO_HANDSHAKE]);
  return data.filter((target) => alerts.includes(target));
}

/** What both ways to receive end in. */
function receivers(named: Named): readonly number[] {
  const [plain, withSequence] = RECEIVES.map((name) => callsOf(named, [name], [APPLICATION_DATA]));
  return (plain ?? []).filter((target) => withSequence?.includes(target));
}

function callsOf(named: Named, names: readonly string[], constants: readonly (readonly number[])[]): readonly number[] {
  const code = names.flatMap((name) => named.get(name) ?? []);
  return [...new Set(code.flatMap((one) => calledAfter(one, constants)))];
}

function found(
  symbol: string,
  need: 'read' | 'write',
  targets: readonly number[],
  [entry, atReturn]: Programs,
): FoundPlace {
  const [address] = targets;
  if (address === undefined || targets.length > 1)
    return { kind: 'refused', symbol, reason: `${targets.length} functions look like it, not one` };
  return { kind: 'function', symbol, need, address, programs: { entry, return: atReturn } };
}

function exported(named: Named, symbol: string, [entry, atReturn]: Programs): readonly FoundPlace[] {
  const code = named.get(symbol);
  if (code === undefined) return [];
  const programs = { entry, return: atReturn };
  return [{ kind: 'function', symbol, need: 'optional', address: code.address, programs }];
}

function codeOf(image: ElfImage, names: readonly string[]): Named {
  const symbols = [...image.functions(names, 'all').values()];
  return new Map(
    symbols.map(({ name, address, size }) => {
      const body = image.code(address, Math.min(size || BODY_MOST, BODY_MOST));
      return [name, { name, address, body }];
    }),
  );
}
