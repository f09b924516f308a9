/**
 * Waits until the service under test answers HTTP: any status will do. Asks `OPTIONS *`, which concerns the server as a
 * whole (RFC 9110 9.3.7) and touches no resource; only a server that takes the connection and does not answer that is
 * asked `HEAD /`. Certificates are not judged here: the replay does that.
 */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { WiretapeError } from '../../errors/wiretape-error';
import type { RunningCommand } from './command';

const attemptMs = 2000;
const pauseMs = 50;
const lastWordsMs = 200;

/** Resolves once it answers. Throws COMMAND_FAILED when the command ends first, TARGET_NOT_READY after `waitMs`. */
export async function waitUntilReady(target: URL, command: RunningCommand, waitMs: number): Promise<void> {
  const deadline = Date.now() + waitMs;
  let seen = 'nothing listens there';
  for (let method = 'OPTIONS'; ; ) {
    const exit = command.exit();
    if (exit !== null) throw await endedEarly(command);
    const answer = await attempt(target, method);
    if (answer === null) return;
    seen = answer.detail;
    if (answer.connected) method = method === 'OPTIONS' ? 'HEAD' : 'OPTIONS';
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

interface Failed {
  readonly connected: boolean;
  readonly detail: string;
}

/** Null when it answered. */
function attempt(target: URL, method: string): Promise<Failed | null> {
  return new Promise((resolve) => {
    let connected = false;
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const outgoing = send({
      host: hostOf(target),
      port: portOf(target),
      method,
      path: method === 'OPTIONS' ? '*' : '/',
      headers: { Host: target.host },
      agent: false,
      rejectUnauthorized: false,
      timeout: attemptMs,
    });
    outgoing.on('socket', (socket) => socket.once('connect', () => (connected = true)));
    outgoing.on('response', (response) => {
      response.destroy();
      resolve(null);
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')));
    outgoing.on('error', (error) => {
      const detail = connected ? `it takes connections and does not answer: ${error.message}` : error.message;
      resolve({ connected, detail });
    });
    outgoing.end();
  });
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
