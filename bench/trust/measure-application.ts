/** One application: recorded for real, replayed against itself, and its answers changed one thing at a time. */
import { connect } from 'node:net';
import { casesFrom } from '../../replayer/cases/cases';
import { placeholdersOf } from '../../replayer/correlate/secrets';
import { freePort } from '../../replayer/launch/free-port';
import type { RunReport } from '../../replayer/report/report';
import { httpOf } from '../../tape/model/registry';
import { createRedactor } from '../../tape/redact/redactor';
import { runWiretape } from '../../test/support/command';
import { judgeAnswers, told } from '../../test/support/judging';
import { type Program, start, temporaryFolder } from '../../test/support/programs';
import { RecordingClient } from '../../test/support/recorded-http';
import { environment, readTape, startRecording } from '../../test/support/recorder';
import type { Application } from './application';
import { keptRun, mutations } from './kept-answers';
import { counted } from './upstream';

const key = environment.WIRETAPE_KEY ?? '';

export interface Trust {
  readonly name: string;
  readonly cases: number;
  readonly skipped: number;
  readonly calls: number;
  readonly runs: number;
  /** Case by case and run by run, of the same build. */
  readonly falseAlarms: readonly string[];
  readonly alarmCount: number;
  readonly mutations: number;
  /** Those that no judgement speaks of. */
  readonly unseen: readonly string[];
  /** What the service was let through to, and how often in all runs in a network of its own; null without one. */
  readonly database: { readonly name: string; readonly connections: number } | null;
  /** Connections to the real dependency while its mock was in place; null without one. */
  readonly reachedUpstream: { readonly inNetwork: number; readonly byVariables: number } | null;
}

export interface Amount {
  readonly runs: number;
  /** Of the runs whose build finds its mocks by variables alone. */
  readonly runsByVariables: number;
  /** At most so many changes are tried, evenly chosen. */
  readonly mutations: number;
}

export async function measureApplication(
  application: Application,
  { files, amount, tell }: { readonly files: string; readonly amount: Amount; tell(line: string): void },
): Promise<Trust> {
  const folder = temporaryFolder();
  const upstream = application.upstream === null ? null : await counted(await application.upstream.start());
  const databasePort = (await application.database?.start(files)) ?? null;
  const allow = databasePort === null ? [] : ['--allow', `127.0.0.1:${databasePort}`];
  const secrets = Object.entries(application.secrets ?? {});
  const supplied = secrets.flatMap(([name], i) => ['--secret', `${name}=env:TRUST_SECRET_${i}`]);
  try {
    const tape = folder.file('app.tape');
    const port = await freePort();
    const env = {
      ...process.env,
      WIRETAPE_KEY: key,
      PORT: String(port),
      ...Object.fromEntries(secrets.map(([, value], i) => [`TRUST_SECRET_${i}`, value])),
      ...(databasePort === null ? {} : { DATABASE_PORT: String(databasePort) }),
      ...(upstream === null || application.upstream?.variable == null
        ? {}
        : { [application.upstream.variable]: upstream.url }),
    };
    const command = application.command(files);
    await record(application, { tape, port, env, command, upstreamUrl: upstream?.url ?? '' });
    const exchanges = await readTape(tape);
    const outbound = exchanges.filter(
      ({ exchange }) => exchange.connection.direction === 'outbound' && httpOf(exchange) !== null,
    );
    const asked = exchanges.filter(({ exchange }) => exchange.connection.direction === 'inbound').length;
    tell(`recorded ${asked} requests and ${outbound.length} calls`);
    const test = (options: readonly string[], build: readonly string[]) =>
      runWiretape(['test', tape, '--json', ...allow, ...supplied, ...options, '--', ...build], {
        cwd: folder.path,
        env: strings(env),
      });

    const before = upstream?.connections() ?? 0;
    const report = reportIn(await test(['--runs', String(amount.runs)], command));
    const inNetwork = (upstream?.connections() ?? 0) - before;
    tell(`${amount.runs} runs: ${report.passed} of ${report.cases} cases passed in all of them`);
    const variables = ['--sandbox', 'env', '--runs', String(amount.runsByVariables)];
    const lenient = upstream === null ? null : reportIn(await test(variables, command));
    const byVariables = (upstream?.connections() ?? 0) - before - inNetwork;
    if (lenient !== null) tell(`${amount.runsByVariables} runs by variables: ${lenient.passed} passed`);

    const answers = folder.file('answers.jsonl');
    const played = reportIn(
      await test([], [process.execPath, `${__dirname}/programs/answers-kept.js`, answers, ...command]),
    );
    const inbound = exchanges.filter(({ exchange }) => exchange.connection.direction === 'inbound');
    const kept = keptRun(answers, casesFrom(inbound), skippedIn(played));
    const redactor = createRedactor({ key: Buffer.from(key, 'hex'), placeholders: placeholdersOf(exchanges) });
    const options = { redactor, keyed: true, authority: `127.0.0.1:${port}` };
    const base = judgeAnswers(kept.tests, kept.answers, options).flatMap(told);
    if (base.length > 0) throw new Error(`the kept answers are not those of the same build: ${base.join('; ')}`);
    const all = [...mutations(kept)];
    const chosen = all.filter(
      (_, i) =>
        Math.floor((i * amount.mutations) / all.length) !== Math.floor(((i - 1) * amount.mutations) / all.length),
    );
    const tried = all.length <= amount.mutations ? all : chosen;
    const unseen = tried.filter(({ answers: changed }) =>
      judgeAnswers(kept.tests, changed, options).every(({ differences }) => differences.length === 0),
    );
    tell(`${tried.length} of ${all.length} changes tried: ${unseen.length} unseen`);
    return {
      name: application.name,
      cases: report.cases,
      skipped: report.skipped,
      calls: outbound.length,
      runs: amount.runs,
      ...alarmsOf(report, amount.runs),
      mutations: tried.length,
      unseen: unseen.map(({ at, what }) => `${kept.tests[at]?.name}:${what}`),
      database: databaseIn(application, report),
      reachedUpstream: upstream === null ? null : { inNetwork, byVariables },
    };
  } finally {
    upstream?.close();
    folder.remove();
  }
}

function databaseIn({ database }: Application, { sandbox }: RunReport): Trust['database'] {
  if (database === null) return null;
  const connections = (sandbox?.letThrough ?? []).reduce((sum, each) => sum + (each.connections ?? 0), 0);
  return { name: database.name, connections };
}

interface Recording {
  readonly tape: string;
  readonly port: number;
  readonly env: NodeJS.ProcessEnv;
  readonly command: readonly string[];
  readonly upstreamUrl: string;
}

async function record(application: Application, { tape, port, env, command, upstreamUrl }: Recording): Promise<void> {
  const [program = '', ...args] = command;
  const service = start(program, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  await listening(service, port);
  const recording = await startRecording(tape, ['--port', String(port)]);
  const client = new RecordingClient(`http://127.0.0.1:${port}`);
  await application.use(client, upstreamUrl);
  client.close();
  const status = await recording.end();
  await service.stop();
  if (status !== 0) throw new Error(`wiretape record ended with ${status}: ${recording.program.stderr()}`);
}

/** Resolves once somebody listens; rejects when the service ends before. */
async function listening(service: Program, port: number): Promise<void> {
  const ended = service.ended.then((status) => {
    throw new Error(`the service ended with ${status}: ${service.stderr()}`);
  });
  const isUp = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
  const poll = async (): Promise<void> => {
    while (!(await isUp())) await new Promise((later) => setTimeout(later, 50));
  };
  await Promise.race([poll(), ended]);
  ended.catch(() => undefined);
}

function reportIn({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): RunReport {
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as RunReport;
}

function strings(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function alarmsOf({ results, misses }: RunReport, runs: number) {
  const bad = results.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'skipped');
  const counts = bad.map(({ flaky }) => (flaky === undefined ? runs : flaky.runs - flaky.passed));
  const falseAlarms = bad.map(({ name, differences, reason }, i) => {
    const why = differences.map(
      ({ path, expected, actual }) => `${path} ${JSON.stringify(expected)} -> ${JSON.stringify(actual)}`,
    );
    return `${name}, in ${counts[i]} of ${runs} runs: ${[...why.slice(0, 3), ...(reason === null ? [] : [reason])].join('; ')}`;
  });
  const missed = [...new Set(misses.map(({ message }) => message))];
  return {
    falseAlarms: [...falseAlarms, ...missed],
    alarmCount: counts.reduce((sum, count) => sum + count, misses.length),
  };
}

/** Their answers are those to a request without its secret, and are not judged. */
function skippedIn({ results }: RunReport): ReadonlySet<string> {
  return new Set(results.filter(({ verdict }) => verdict === 'skipped').map(({ id }) => id));
}
