/**
 * Waits until the service under test answers HTTP: any status will do. Sends a line that is no request, because an HTTP
 * server answers that with 400 itself: no handler runs, nothing is called, nothing changes. (`OPTIONS *` does reach
 * handlers, and one that takes every target for a path breaks over it.) Only a server that closes the connection
 * without a word, keeps silent, or answers as HTTP/0.9 did (http.server of Python) is asked `HEAD /`, and then greeted in
 * HTTP/2, which is all that some speak. Certificates are not judged here: the replay does that.
 */
import { connect, isIP } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectSecurely } from 'node:tls';
import { WiretapeError } from '../../errors/wiretape-error';
import { endpointOf } from '../drive/target';
import type { RunningCommand } from './command';

const attemptMs = 2000;
const pauseMs = 50;
const lastWordsMs = 200;

export interface Wait {
  readonly waitMs: number;
  /** Whether it is worth an attempt; default: always. */
  isUp?(): Promise<boolean>;
}

/** Resolves once it answers. Throws COMMAND_FAILED when the command ends first, TARGET_NOT_READY after `waitMs`. */
export async function waitUntilReady(target: URL, command: RunningCommand, { waitMs, isUp }: Wait): Promise<void> {
  const deadline = Date.now() + waitMs;
  let seen: string = nobody.detail;
  for (let at = 0; ; ) {
    const exit = command.exit();
    if (exit !== null) throw await endedEarly(command);
    const answer = isUp === undefined || (await isUp()) ? await attempt(target, words[at] ?? noRequest) : nobody;
    if (answer.kind === 'http') return;
    at = answer.kind === 'failed' ? 0 : (at + 1) % words.length;
    seen = answer.detail;
    if (Date.now() >= deadline) throw notReady(target, command, { waitMs, seen });
    await Promise.race([command.exited, pause(pauseMs)]);
  }
}

/** True when something accepts connections at the target. */
export function isListening(target: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(endpointOf(target));
    const settle = (listens: boolean): void => {
      socket.destroy();
      resolve(listens);
    };
    socket.setTimeout(attemptMs, () => settle(false));
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

type Answer =
  | { readonly kind: 'http' }
  | { readonly kind: 'closed' | 'failed' | 'foreign' | 'silent'; readonly detail: string };

const nobody = { kind: 'failed', detail: 'nothing listens there' } as const;

interface Words {
  readonly text: (target: URL) => string;
  /** What TLS is asked to lead to; null for what comes without asking. */
  readonly alpn: string | null;
}

const noRequest: Words = { text: () => 'WIRETAPE-IS-ANYBODY-THERE\r\n\r\n', alpn: null };
const words: readonly Words[] = [
  noRequest,
  { text: ({ host }) => `HEAD / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, alpn: null },
  // The preface and empty SETTINGS (RFC 9113 3.4): the beginning of a connection without a request on it.
  { text: () => `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'\0\0\0\x04\0\0\0\0\0'}`, alpn: 'h2' },
];

/** Says the words and listens to the beginning of what comes back. */
function attempt(target: URL, { text, alpn }: Words): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = open(target, alpn, () => socket.write(text(target), 'latin1'));
    const settle = (answer: Answer): void => {
      socket.destroy();
      resolve(answer);
    };
    let heard = '';
    socket.setTimeout(attemptMs, () => settle({ kind: 'silent', detail: 'it takes connections and does not answer' }));
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.toString('latin1');
      if (heard.startsWith('HTTP/') || beginsHttp2(heard)) settle({ kind: 'http' });
      else if (!'HTTP/'.startsWith(heard) && !mayBeginHttp2(heard))
        settle({ kind: 'foreign', detail: 'what answers there is not HTTP' });
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const kind = error.code === 'ECONNRESET' ? 'closed' : 'failed'; // what was said to it was not read to its end
      settle(error.code === 'ECONNREFUSED' ? nobody : { kind, detail: error.message });
    });
    socket.on('close', () => settle({ kind: 'closed', detail: 'it takes connections and closes them' }));
  });
}

/** SETTINGS come first from whoever speaks HTTP/2, whatever it is told: a frame of type 4 on stream 0. */
function beginsHttp2(heard: string): boolean {
  return mayBeginHttp2(heard) && heard.charCodeAt(3) === 4 && heard.slice(5, 9) === '\0\0\0\0';
}

function mayBeginHttp2(heard: string): boolean {
  return heard.startsWith('\0') && (heard.length < 4 || heard.charCodeAt(3) === 4);
}

function open(target: URL, alpn: string | null, onOpen: () => void) {
  const at = endpointOf(target);
  if (target.protocol !== 'https:') return connect(at, onOpen);
  const name = isIP(at.host) === 0 ? { servername: at.host } : {};
  const protocols = alpn === null ? {} : { ALPNProtocols: [alpn] };
  return connectSecurely({ ...at, ...name, ...protocols, rejectUnauthorized: false }, onOpen);
}

/** What it printed may still be on its way; a child that lives on holds the pipe open, so nobody waits for long. */
async function endedEarly(command: RunningCommand): Promise<WiretapeError> {
  await Promise.race([command.closed, pause(lastWordsMs)]);
  const exit = command.exit();
  const how = exit?.signal == null ? `ended with status ${exit?.code}` : `was ended by ${exit.signal}`;
  return new WiretapeError('COMMAND_FAILED', `${command.text} ${how} before it answered`, {
    seen: outputOf(command),
    remedy: 'Run the command by itself, and give what it needs with --env NAME=VALUE',
  });
}

function notReady(target: URL, command: RunningCommand, last: { waitMs: number; seen: string }): WiretapeError {
  const message = `${target.origin} did not answer within ${last.waitMs / 1000} s: ${last.seen}`;
  return new WiretapeError('TARGET_NOT_READY', message, {
    seen: outputOf(command),
    remedy: [
      'Give it longer:  --wait 2m',
      'Say where it listens:  --target URL, or let it listen where we say:  --env PORT={port}',
    ],
  });
}

function outputOf(command: RunningCommand): readonly string[] {
  const lines = command.lastLines();
  return lines.length === 0 ? ['it printed nothing'] : lines.map((line) => `| ${line}`);
}
