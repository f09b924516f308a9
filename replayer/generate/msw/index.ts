/**
 * Handlers for msw, of what the recorded service called: plain source that runs in Node.js and in a page. The same files
 * serve msw 2 and 3, which agree in `http`, `ws` and `HttpResponse`; GraphQL, whose place differs between the two, is told
 * from other requests by what `asks` compares.
 */
import { changesToHttp2 } from '../../../tape/http/upgrade';
import { protocolLineOf } from '../../../tape/model/content-model';
import { httpOf, operationOf } from '../../../tape/model/registry';
import type { StoredExchange } from '../../../tape/store/tape';
import { type MockSet, mocksFrom } from '../../mocks/mock';
import { type Generated, type GeneratedFile, type Generator, type LeftOut, textFile } from '../generator';
import { unanswerable } from './answer';
import { askedBy, unaskable } from './asked';
import { type Conversation, conversationOf, isWebSocket } from './conversation';
import { handlersSource, type Import } from './handlers-file';
import { recordedSource } from './recorded-file';

export const mswGenerator: Generator = {
  name: 'msw',
  purpose: 'handlers for msw, of what the service called',
  takes: { directions: ['outbound'], settings: false },
  refuses: () => null,
  files: (exchanges, { tapeName }) => mswFiles([...exchanges], tapeName),
  next: (out) => `Import { handlers } from ${out}/handlers.js`,
};

function mswFiles(exchanges: readonly StoredExchange[], tapeName: string): Generated {
  const byId = new Map(exchanges.map((stored) => [stored.id, stored]));
  const { usable, conversations, leftOut } = sorted(exchanges);
  const handlers = askedBy(usable.mocks, new Map(usable.upstreams.map((upstream) => [upstream.name, upstream])));
  const bodies = new Bodies();
  const source = handlersSource(
    {
      tapeName,
      handlers,
      conversations,
      leftOut,
      redacted: (id) => byId.get(id)?.redacted ?? [],
      keep: (id, text) => bodies.keep(id, text),
    },
    () => bodies.imports,
  );
  return {
    files: [...bodies.files, textFile('handlers.d.ts', typesText), textFile('handlers.js', source), ...shared],
    counts: [
      { count: handlers.length + conversations.length, of: 'handler' },
      { count: usable.mocks.length + conversations.flat().length, of: 'answer' },
    ],
    leftOut,
    saidIn: 'handlers.js',
  };
}

const shared: readonly GeneratedFile[] = [
  textFile('package.json', '{\n  "private": true,\n  "type": "module"\n}\n'),
  textFile('recorded.js', recordedSource),
];

const typesText = `import type { RequestHandler, WebSocketHandler } from 'msw';

export declare const handlers: (RequestHandler | WebSocketHandler)[];
/** Begins all recordings again. For beforeEach: tests then depend on no order. */
export declare function rewind(): void;
`;

interface Sorted {
  readonly usable: MockSet;
  readonly conversations: readonly (readonly Conversation[])[];
  readonly leftOut: readonly LeftOut[];
}

function sorted(exchanges: readonly StoredExchange[]): Sorted {
  const sockets = exchanges.filter(({ exchange }) => isWebSocket(exchange));
  const told = sockets.flatMap((stored) => conversationOf(stored) ?? []);
  const tellable = new Set(told.map(({ id }) => id));
  const set = mocksFrom(exchanges.filter(({ id }) => !tellable.has(id)));
  const upstreams = new Map(set.upstreams.map((upstream) => [upstream.name, upstream]));
  const reasons = new Map<string, Pick<LeftOut, 'reason' | 'detail'>>();
  for (const { id, reason } of set.notServed)
    reasons.set(id, { reason, detail: why[reason] ?? 'what was recorded of it is not whole' });
  for (const { id, upstream } of set.refusals) {
    reasons.set(id, { reason: 'refused', detail: `no request was sent: nobody listened at ${upstream}` });
  }
  for (const mock of set.mocks) {
    if (mock.answer.kind === 'conversation') {
      reasons.set(mock.id, { reason: 'upgrade', detail: why.upgrade ?? '' });
      continue;
    }
    const upstream = upstreams.get(mock.upstream);
    const detail = unanswerable(mock) ?? (upstream === undefined ? null : unaskable(mock, upstream));
    if (detail !== null) reasons.set(mock.id, { reason: 'not-expressible', detail });
  }
  const made = new Set([...tellable, ...set.mocks.map(({ id }) => id)]);
  const leftOut = exchanges.flatMap((stored) => {
    if (changesToHttp2(httpOf(stored.exchange))) return [];
    const found = reasons.get(stored.id) ?? (made.has(stored.id) ? undefined : notHttp(stored));
    return found === undefined ? [] : [{ id: stored.id, name: nameOf(stored), ...found }];
  });
  return {
    usable: { ...set, mocks: set.mocks.filter(({ id }) => !reasons.has(id)) },
    conversations: [...Map.groupBy(told, ({ url }) => url).values()],
    leftOut,
  };
}

/** What the words of `mocksFrom` mean here. */
const why: Readonly<Record<string, string>> = {
  upgrade: 'the connection was handed to another protocol, and nothing was recorded of what was said on it',
  tunnel: 'what went through the tunnel is recorded by itself, where it could be read',
  'unknown-upstream': 'neither a host nor an address is known',
};

/** Undefined for exchanges of the other side: they were never meant. */
function notHttp({ exchange }: StoredExchange): Pick<LeftOut, 'reason' | 'detail'> | undefined {
  if (exchange.connection.direction !== 'outbound') return undefined;
  return { reason: 'raw', detail: `the protocol (${exchange.protocol}) is not HTTP, or was not parsed` };
}

function nameOf({ exchange }: StoredExchange): string {
  const operation = operationOf(exchange);
  const { authority } = operation;
  const { verb, target } = protocolLineOf(operation);
  return `${verb ?? 'connect'} ${authority ?? exchange.connection.remote ?? ''}${target ?? ''}`;
}

/** Bodies too large to stand beside their handler: a module each. */
class Bodies {
  readonly files: GeneratedFile[] = [];
  readonly imports: Import[] = [];

  keep(exchange: string, source: string): string {
    const name = `body${exchange.replace(/\W/g, '_')}`;
    const path = `bodies/${exchange.replace(/\W/g, '-')}.js`;
    this.files.push(textFile(path, `export default ${source};\n`));
    this.imports.push({ name, path });
    return name;
  }
}
