/**
 * From what a file says of each request and answer to exchanges: the order in which they began, their numbers and their
 * connections. Formats differ in everything before this step, and in nothing behind it.
 */
import type { ProtocolName } from '../model/contents';
import type { Connection, Direction, Exchange, ExchangeOf, Outcome, Problem } from '../model/exchange';
import type { HttpRequest, HttpResponse } from '../model/http/http';
import { carrierOf } from '../model/registry';

export interface HttpDraft {
  readonly request: HttpRequest;
  readonly response: HttpResponse | null;
  readonly outcome: Outcome;
  readonly problems: readonly Problem[];
  readonly direction: Exclude<Direction, 'unknown'>;
  /** Drafts that share it came over one connection; null where the file does not tell. */
  readonly connection: string | null;
  /** `address:port` of the server; null where the file does not tell. */
  readonly server: string | null;
  readonly isTls: boolean;
  /** The inbound draft during which this outbound one happened. */
  readonly causedBy?: HttpDraft | null;
  /** Where the request and its answer were the beginning of something else: what that was. */
  readonly became?: Became | null;
}

export type Became = {
  [P in ProtocolName]: Pick<ExchangeOf<P>, 'protocol' | 'content' | 'messages'>;
}[ProtocolName] & {
  /** Null where it went on when the file was written. */
  readonly endedAtUs: number | null;
};

/** No file says which library it was; that there was TLS is what matters. */
const tlsOfFile = { library: 'unknown library' } as const;

/** Numbered from 1 in the order they began; of two that began together, the one that stands first. */
export function exchangesOf(drafts: readonly HttpDraft[]): readonly Exchange[] {
  const ordered = drafts.toSorted((a, b) => a.request.startedAtUs - b.request.startedAtUs);
  const numbers = new Map(ordered.map((draft, i) => [draft, i + 1]));
  const connections = new Connections();
  return ordered.map((draft, i) => {
    const { request, response, outcome, problems, causedBy } = draft;
    const { endedAtUs, ...carried } = draft.became ?? plainOf(request, response);
    const cause = causedBy == null ? undefined : numbers.get(causedBy);
    return {
      number: i + 1,
      ...connections.placeOf(draft),
      channel: null,
      startedAtUs: request.startedAtUs,
      durationUs: endedAtUs === null ? null : Math.max(0, endedAtUs - request.startedAtUs),
      outcome,
      problems: [...new Set(problems)].sort(),
      cause: cause === undefined || causedBy == null ? null : { number: cause, method: causedBy.request.method },
      ...carried,
      messagesBefore: 0,
    };
  });
}

function plainOf(request: HttpRequest, response: HttpResponse | null): Became {
  const endedAtUs = response?.endedAtUs ?? null;
  return { protocol: carrierOf[request.version], content: { request, response }, messages: [], endedAtUs };
}

interface Place {
  readonly connection: Connection;
  readonly seq: number;
}

class Connections {
  private readonly known = new Map<string, { readonly connection: Connection; exchanges: number }>();
  private count = 0;

  placeOf(draft: HttpDraft): Place {
    if (draft.connection === null) return { connection: this.made(draft), seq: 0 };
    const name = `${draft.direction} ${draft.isTls} ${draft.connection}`;
    const found = this.known.get(name) ?? { connection: this.made(draft), exchanges: 0 };
    this.known.set(name, found);
    return { connection: found.connection, seq: found.exchanges++ };
  }

  private made({ direction, server, isTls, request }: HttpDraft): Connection {
    return {
      key: ++this.count,
      direction,
      openedAtUs: request.startedAtUs,
      local: direction === 'inbound' ? server : null,
      remote: direction === 'inbound' ? null : server,
      tls: isTls ? tlsOfFile : null,
      unreadTls: null,
      process: null,
    };
  }
}
