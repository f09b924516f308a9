/**
 * What a generated suite imports: `suite(settings)` gives it the functions it hands to its test runner. Everything that happens
 * on the network happens in a process of its own (host-process.ts), so that the module registry, fake timers and globals
 * of a test environment touch none of it, and so that the build under test is ended even when the tests are killed.
 */
import { fork } from 'node:child_process';
import { join, resolve } from 'node:path';
import type { CaseDescription, SuiteSettings } from './description';
import type { Numbered, Reply, Request } from './protocol';

export interface SuiteOptions extends SuiteSettings {
  /** The folder of the suite: `__dirname` in its setup.js. */
  readonly folder: string;
}

export interface Suite {
  /** Takes an exchange into the suite; returns the test that plays it and holds the answer against the recorded one. */
  recorded(description: CaseDescription): () => Promise<void>;
  /** Starts the mocks and the build under test, and waits until it answers. Rejects with what stands in the way. */
  start(): Promise<void>;
  /** Plays what is left, and rejects when the build asked a dependency for something that is not on the tape, or not as recorded. */
  noMisses(): Promise<void>;
  /** Ends the build and the mocks. Rejects where no test told of calls that were not as recorded, as under a filter of tests. */
  stop(): Promise<void>;
}

/** The suite of one folder. Opens nothing before `start`. */
export function suite(options: SuiteOptions): Suite {
  const { folder, ...settings } = options;
  const cases: CaseDescription[] = [];
  let host: Host | undefined;
  const ask = async (request: Request, failure: Error): Promise<void> => {
    const { problem } = (await host?.ask(request)) ?? {
      problem: 'The suite is not started: beforeAll(start) is missing',
    };
    if (problem !== null) throw retold(failure, problem);
  };
  const recorded: Suite['recorded'] = (description) => {
    const failure = failureFrom(recorded);
    cases.push(description);
    return () => ask({ kind: 'play', exchange: description.tape.exchange }, failure);
  };
  const start = async (): Promise<void> => {
    host = openHost(resolve(folder, settings.cwd ?? '.'));
    await ask({ kind: 'start', start: { folder, settings, cases } }, new Error());
  };
  const noMisses = (): Promise<void> => ask({ kind: 'misses' }, new Error());
  const stop = async (): Promise<void> => {
    const problem = (await host?.end()) ?? null;
    host = undefined;
    if (problem !== null) throw retold(new Error(), problem);
  };
  return { recorded, start, noMisses, stop };
}

/** An error whose stack begins where `entry` was called: in the suite, at the test. */
function failureFrom(entry: (...args: never[]) => unknown): Error {
  const failure = new Error();
  Error.captureStackTrace(failure, entry);
  return failure;
}

/** The stack holds the message it was made with, and test runners print the stack; our own frames say nothing to them. */
function retold(failure: Error, message: string): Error {
  const frames = (failure.stack ?? '')
    .split('\n')
    .filter((line) => /^ {4}at /.test(line) && !line.includes(__filename));
  failure.message = message;
  failure.stack = [`Error: ${message}`, ...frames].join('\n');
  return failure;
}

/** The build under test is not part of the test runner, whose variables change what some libraries do. */
function withoutRunner(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(JEST_WORKER_ID|VITEST(_\w+)?)$/.test(name)));
}

interface Host {
  ask(request: Request): Promise<Reply>;
  /** Resolves when the process is gone, with what is still to be told. */
  end(): Promise<string | null>;
}

function openHost(cwd: string): Host {
  const env = withoutRunner(process.env);
  const child = fork(join(__dirname, 'host-process.js'), [], { cwd, env, execArgv: [], serialization: 'advanced' });
  const waiting = new Map<number, (reply: Reply) => void>();
  let nextId = 0;
  let gone: string | null = null;
  const lose = (why: string): void => {
    gone ??= why;
    for (const reply of waiting.values()) reply({ problem: gone });
    waiting.clear();
  };
  child.on('message', (message) => {
    const { id, content } = message as Numbered<Reply>;
    waiting.get(id)?.(content);
    waiting.delete(id);
  });
  child.on('error', (error) => lose(`The process that plays the suite cannot be started in ${cwd}: ${error.message}`));
  const exited = new Promise<void>((done) => {
    // not `close`: it does not come once the parent has disconnected
    child.on('exit', (code, signal) => {
      lose(`The process that plays the suite ended early (${signal ?? `status ${code}`})`);
      done();
    });
  });
  const ask = (content: Request): Promise<Reply> =>
    new Promise((resolve) => {
      if (gone !== null) return resolve({ problem: gone });
      const id = nextId++;
      waiting.set(id, resolve);
      return child.send({ id, content } satisfies Numbered<Request>);
    });
  return {
    ask,
    async end() {
      const isGone = gone !== null;
      const { problem } = await ask({ kind: 'stop' });
      if (child.connected) child.disconnect();
      await exited;
      return isGone ? null : problem; // why it is gone was told to whoever asked something of it
    },
  };
}
