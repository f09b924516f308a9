/** Explanations of ours in the words of gRPC: a client shows the status and its message, and nothing else that it is told. */
import { statusNames } from '../../../../tape/body/rpc/status';
import { markHeader } from '../../answering';
import type { FlatHeaders, Reply } from '../../front/asked';
import type { Miss } from '../../match/miss';

export type StatusName = (typeof statusNames)[number];

/** Longer messages would not fit into the head that some clients take. */
const longestMessage = 1500;

/**
 * No client repeats FAILED_PRECONDITION by itself, and none takes it for an older server, as UNIMPLEMENTED may be: that is
 * what clients make of the status 404 of HTTP, and what a miss is under `--on-miss 404`.
 */
export function statusOf({ answeredWith }: Miss): StatusName {
  return answeredWith === '404' ? 'UNIMPLEMENTED' : 'FAILED_PRECONDITION';
}

/** `wiretape: MOCK_MISS  Cannot answer …: no mock matches; nearest exchange 7: body[0].user expected "ada", got "eve"`. */
export function messageOf({ code, message, nearest }: Miss): string {
  const [near] = nearest;
  const [difference] = near?.differences ?? [];
  const shown = (value: unknown): string => (value === null ? 'nothing' : JSON.stringify(value));
  const differs =
    difference === undefined
      ? ''
      : `: ${difference.path} expected ${shown(difference.expected)}, got ${shown(difference.actual)}`;
  const nearestText = near === undefined ? '' : `; nearest exchange ${near.exchange}${differs}`;
  return `wiretape: ${code}  ${message}${nearestText}`;
}

export function statusFields(name: StatusName, message: string): FlatHeaders {
  return [
    'grpc-status',
    String(statusNames.indexOf(name)),
    'grpc-message',
    percentEncoded(message.slice(0, longestMessage)),
    markHeader,
    'miss',
  ];
}

/** A whole answer that has nothing but a status (PROTOCOL-HTTP2, Trailers-Only). */
export function replyStatus(reply: Reply, name: StatusName, message: string): void {
  const headers = ['content-type', 'application/grpc', ...statusFields(name, message)];
  reply.send({ status: 200, reason: null, headers, framing: [] }, { bytes: Buffer.alloc(0), shortText: null }, []);
}

/** UTF-8 with everything but printable ASCII behind percent signs (PROTOCOL-HTTP2, Status-Message). */
function percentEncoded(text: string): string {
  return [...Buffer.from(text, 'utf8')]
    .map((byte) => {
      if (byte >= 0x20 && byte <= 0x7e && byte !== 0x25) return String.fromCharCode(byte);
      return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
