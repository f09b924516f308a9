/** Kinds of sockets that are not read, by the names people know them by (Linux, include/linux/socket.h). Pure. */

export interface SocketKind {
  /** `vsock`, `quic`, `mptcp`; `family 99` where nobody here knows a name. */
  readonly socketKind: string;
  /** `2:1024`, context id and port of a vsock; null where it is not known. */
  readonly peer: string | null;
}

interface SocketNumbers {
  readonly family: number;
  readonly protocol: number;
  readonly cid: number;
  readonly port: number;
}

const [unix, ipv4, ipv6, vsock] = [1, 2, 10, 40];
/** VMADDR_CID_ANY, which is nobody. */
const noCid = 0xffffffff;
/** Of a unix socket only those that keep messages apart are not read. */
const families: Readonly<Record<number, string>> = {
  [unix]: 'unix seqpacket',
  21: 'rds',
  29: 'can',
  30: 'tipc',
  31: 'bluetooth',
  41: 'kcm',
  42: 'qrtr',
  43: 'smc',
  [vsock]: 'vsock',
};
/** Of the internet families; of datagrams only QUIC is told of. */
const protocols: Readonly<Record<number, string>> = { 17: 'quic', 33: 'dccp', 132: 'sctp', 256: 'smc', 262: 'mptcp' };

export function socketKindOf({ family, protocol, cid, port }: SocketNumbers): SocketKind {
  const isInternet = family === ipv4 || family === ipv6;
  const socketKind = isInternet
    ? (protocols[protocol] ?? `protocol ${protocol}`)
    : (families[family] ?? `family ${family}`);
  return { socketKind, peer: family === vsock && cid !== noCid ? `${cid}:${port}` : null };
}
