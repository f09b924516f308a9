/** Runs the built `wiretape record` as a user would, and reads the tape it leaves. */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { decodeBody } from '../../tape/body/coding';
import type { Body } from '../../tape/model/body';
import { openTapeReader } from '../../tape/store/sqlite/index';
import type { StoredExchange } from '../../tape/store/tape';
import { lineFrom, type Program, repository, saidOnStderr, start, temporaryFolder } from './programs';

export const wiretape = join(repository, 'bin/wiretape');

/** What `record` is told in tests, so that no key file is made in the checkout. */
export const environment: NodeJS.ProcessEnv = { ...process.env, WIRETAPE_KEY: '7e57'.repeat(16) };

export interface LiveRecording {
  readonly program: Program;
  readonly tape: string;
  /** Ends it by Ctrl-C and waits for the flush. */
  end(): Promise<number>;
}

/** Starts recording; resolves once everything that exists is attached. */
export async function startRecording(tape: string, targets: readonly string[]): Promise<LiveRecording> {
  const program = start(wiretape, ['record', '-o', tape, ...targets], {
    env: environment,
  });
  program.child.stdout?.resume();
  await lineFrom(program, program.child.stderr, /^recording /);
  return { program, tape, end: () => program.stop('SIGINT') };
}

export interface Recorded {
  readonly exchanges: readonly StoredExchange[];
  readonly summary: string;
  readonly status: number;
}

/** Records while the work is done. */
export async function recordDuring(targets: readonly string[], work: () => Promise<void>): Promise<Recorded> {
  const folder = temporaryFolder();
  try {
    const recording = await startRecording(folder.file('test.tape'), targets);
    try {
      await work();
    } finally {
      await recording.end();
    }
    return {
      exchanges: await readTape(recording.tape),
      summary: recording.program.stderr(),
      status: await recording.program.ended,
    };
  } finally {
    folder.remove();
  }
}

/** Records a command to its end. The variables are for the command; the recorder passes them on. */
export async function recordCommand(
  command: readonly string[],
  options: readonly string[] = [],
  variables: NodeJS.ProcessEnv = {},
): Promise<Recorded> {
  return recordToItsEnd([...options, '--', ...command], variables);
}

/**
 * Records a command that goes on until its input ends, which it does once what it said is on the tape: what a process is,
 * and which library it has aboard, is known only of one that is there still when the recorder comes to ask.
 */
export async function recordLasting(
  command: readonly string[],
  options: readonly string[] = [],
  variables: NodeJS.ProcessEnv = {},
): Promise<Recorded> {
  return recordToItsEnd([...options, '--', ...command], variables, async (program, tape) => {
    await saidOnStderr(program, /^recording /m);
    while (program.child.exitCode === null && (await readTape(tape)).length === 0) await pause(20);
    program.child.stdin?.end();
  });
}

/** Of a command whose input ends by `meanwhile`, where that is given. */
async function recordToItsEnd(
  words: readonly string[],
  variables: NodeJS.ProcessEnv,
  meanwhile?: (program: Program, tape: string) => Promise<void>,
): Promise<Recorded> {
  const folder = temporaryFolder();
  try {
    const tape = folder.file('test.tape');
    const program = start(wiretape, ['record', '-o', tape, ...words], {
      env: { ...environment, ...variables },
      ...(meanwhile === undefined ? {} : { stdio: ['pipe', 'pipe', 'pipe'] }),
    });
    program.child.stdout?.resume();
    await meanwhile?.(program, tape);
    const status = await program.ended;
    return { exchanges: await readTape(tape), summary: program.stderr(), status };
  } finally {
    folder.remove();
  }
}

/** What became of each session of a tape. */
export async function sessionStatesOn(tape: string): Promise<readonly string[]> {
  const reader = openTapeReader(tape);
  try {
    return (await reader.sessions()).map(({ state }) => state);
  } finally {
    await reader.close();
  }
}

/** Everything a program says until it ends. */
export async function outputOf(program: Program): Promise<{ status: number; stdout: string; stderr: string }> {
  let stdout = '';
  program.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const status = await program.ended;
  return { status, stdout, stderr: program.stderr() };
}

export async function readTape(tape: string): Promise<readonly StoredExchange[]> {
  const reader = openTapeReader(tape);
  try {
    return await Array.fromAsync(reader.exchanges());
  } finally {
    await reader.close();
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Hash of a body as the peer saw it: content codings undone. */
export function bodyHash(body: Body | undefined): string | null {
  return body === undefined ? null : sha256(decodeBody(body).bytes);
}
