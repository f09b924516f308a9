/**
 * A network of its own for the command: every address is local and leads to the mocks, names come from the tape, sockets of
 * the machine are out of sight. Nothing is rewritten: the address a client means is what the accepted socket says.
 */
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { LauncherPlan } from '../../native/launcher';
import { endpointOf } from '../drive/target';
import { type TemporaryFolder, temporaryFolder } from '../launch/temporary-folder';
import { baseUrl, type Upstream } from '../mocks/upstream';
import type { Allowance } from './allow';
import type { Book } from './book';
import type { MovedClock } from './clock';
import { answerName, type Desks, type Receiving, receive } from './connections';
import { hostsFile, nameServiceFile, resolverFile } from './files';
import { createForwarder, type Forwarder } from './forwarder';
import { type Namespaces, openNamespaces } from './namespaces';
import { holderOf } from './processes';
import type { Sandbox } from './sandbox';
import { socketPaths } from './unix-sockets';
import { UnrecordedLedger } from './unrecorded';

export interface NetnsOptions {
  readonly book: Book;
  readonly desks: Desks;
  readonly upstreams: readonly Upstream[];
  /** Names of raw upstreams that are played. */
  readonly raw: Iterable<string>;
  readonly target: URL;
  /** Files to put in the place of others, beside those of names. */
  readonly placed: LauncherPlan['binds'];
  readonly allow: Allowance;
  readonly clock: MovedClock;
}

/** Nothing is made before the command is spawned; that throws NoNamespaces. */
export function netnsSandbox(options: NetnsOptions): Sandbox {
  const { book, desks, upstreams, raw, target, allow } = options;
  const unrecorded = new UnrecordedLedger();
  const letThrough = new Map(allow.addresses.map(({ host, port }) => [`${host}:${port}`, 0]));
  const folder = temporaryFolder('wiretape-sandbox-');
  let forwarder: Forwarder | null = null;
  let namespaces: Namespaces | null = null;
  return {
    kind: 'netns',
    remarks: [],
    proxyUrl: null,
    direct: [],
    urls: new Map([
      ...[...raw].map((name) => [name, name] as const),
      ...upstreams.map((each) => [each.name, baseUrl(each)] as const),
    ]),
    async spawn(command, env) {
      namespaces = await openNamespaces({ plan: planOf(options, folder), command, env });
      const receiving: Receiving = { book, desks, unrecorded, letThrough, inside: namespaces.pid };
      serve(namespaces, receiving);
      namespaces.onUnmoved(options.clock.onUnmoved);
      forwarder = createForwarder({
        ...endpointOf(target),
        dial: (address, port) => dialIn(namespaces, address, port),
      });
      const spawned = await namespaces.start();
      void spawned.exited.then(() => forwarder?.close());
      return spawned;
    },
    isUp: async () => (await forwarder?.isUp()) ?? false,
    seen: () => ({
      kind: 'netns',
      unrecorded: unrecorded.list(),
      letThrough: [
        ...[...letThrough].map(([address, connections]) => ({ address, connections })),
        ...allow.paths.map((address) => ({ address, connections: null })),
      ],
    }),
    close() {
      forwarder?.close();
      for (const listener of namespaces?.listeners ?? []) listener.close();
      folder.remove();
    },
  };
}

function dialIn(namespaces: Namespaces | null, address: string, port: number) {
  return namespaces === null ? Promise.reject(new Error('not started')) : namespaces.dial(address, port);
}

function serve(namespaces: Namespaces, receiving: Receiving): void {
  for (const listener of namespaces.listeners) listener.on('connection', (socket) => receive(socket, receiving));
  namespaces.onDatagram((datagram) => {
    const asker = { transport: 'udp', address: datagram.from, port: datagram.port } as const;
    const answer = answerName(Buffer.from(datagram.bytes, 'hex'), asker, receiving);
    if (answer !== null) namespaces.answer(datagram, answer);
  });
  namespaces.onSent(({ from, fromPort, to, port }) => {
    const { name } = receiving.book.meant(to, port);
    const sender = { transport: 'udp', address: from, port: fromPort } as const;
    receiving.unrecorded.note('udp', name, holderOf(sender, receiving.inside));
  });
}

function planOf({ book, allow, placed, clock }: NetnsOptions, folder: TemporaryFolder): LauncherPlan {
  const files = {
    '/etc/hosts': hostsFile(textOf('/etc/hosts'), book.names, hostname()),
    '/etc/resolv.conf': resolverFile,
    '/etc/nsswitch.conf': nameServiceFile(textOf('/etc/nsswitch.conf')),
  };
  const binds = Object.entries(files).flatMap(([over, text], i) => {
    if (!existsSync(over)) return []; // without it programs do as our file says: DNS, at an address of this machine
    const from = join(folder.path, String(i));
    writeFileSync(from, text, { mode: 0o644 });
    return [{ from, over }];
  });
  const allowed = new Set(allow.paths.map(resolvedPath));
  const hidden = socketPaths(textOf('/proc/net/unix')).filter(
    (path) => existsSync(path) && !allowed.has(resolvedPath(path)),
  );
  return { binds: [...binds, ...placed], hidden, loopbackPorts: book.loopbackPorts, shiftS: clock.shiftS };
}

/** `/var/run` is `/run` on most machines. */
function resolvedPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
