/**
 * Waits until the service under test answers HTTP: any status will do. Sends a line that is no request, because an HTTP
 * server answers that with 400 itself: no handler runs, nothing is called, nothing changes. (`OPTIONS *` does reach
 * handlers, and one that takes every target for a path breaks over it.) Only a server that closes the connection
 * without a word is asked `HEAD /`. Certificates are not judged here: the replay does that.
 */
import { connect, isIP } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectSecurely } from 'node:tls';
import { WiretapeError } from '../../errors/wiretape-error';
import type { RunningCommand } from './command';

const attemptMs = 2000;
const pauseMs = 50;
const lastWordsMs = 200;

/** Resolves once it answers. Throws COMMAND_FAILED when the command ends first, TARGET_NOT_READY after `waitMs`. */
export async function waitUntilReady(target: URL, command: RunningCommand, waitMs: number): Promise<void> {
  const deadline = Date.now() + waitMs;
  let seen = 'nothing listens there';
  for (let silent = false; ; ) {
    const exit = command.exit();
    if (exit !== null) throw await endedEarly(command);
    const answer = await attempt(target, silent ? headRequest(target) : noRequest);
    if (answer.kind === 'http') return;
    silent = answer.kind === 'closed' && !silent;
    seen = answer.detail;
    if (Date.now() >= deadline) throw notReady(target, command, { waitMs, seen });
    await Promise.race([command.exited, pause(pauseMs)]);
  }
}

/** True when something accepts connections at the target. */
export function isListening(target: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostOf(target), port: portOf(target) });
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

const noRequest = 'WIRETAPE-IS-ANYBODY-THERE\r\n\r\n';

function headRequest({ host }: URL): string {
  return `HEAD / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
}

/** Says the words and listens to the beginning of what comes back. */
function attempt(target: URL, words: string): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = open(target, () => socket.write(words));
    const settle = (answer: Answer): void => {
      socket.destroy();
      resolve(answer);
    };
    let heard = '';
    socket.setTimeout(attemptMs, () => settle({ kind: 'silent', detail: 'it takes connections and does not answer' }));
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.toString('latin1');
      if (heard.startsWith('HTTP/')) settle({ kind: 'http' });
      else if (!'HTTP/'.startsWith(heard)) settle({ kind: 'foreign', detail: 'what answers there is not HTTP' });
    });
    socket.on('error', (error) => settle({ kind: 'failed', detail: error.message }));
    socket.on('close', () => settle({ kind: 'closed', detail: 'it takes connections and closes them' }));
  });
}

function open(target: URL, onOpen: () => void) {
  const at = { host: hostOf(target), port: portOf(target) };
  if (target.protocol !== 'https:') return connect(at, onOpen);
  const name = isIP(at.host) === 0 ? { servername: at.host } : {};
  return connectSecurely({ ...at, ...name, rejectUnauthorized: false }, onOpen);
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

function hostOf(target: URL): string {
  return target.hostname.replace(/^\[|\]$/g, '');
}

function portOf(target: URL): number {
  return Number(target.port) || (target.protocol === 'https:' ? 443 : 80);
}
