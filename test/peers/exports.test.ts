/**
 * Files that `export` writes, put to the real tools: what they send to a running service is what its client had sent,
 * byte for byte, and what stands in for the service says what it had said.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeE2e } from '../support/e2e';
import { type Said, saidIn } from '../support/peers';
import { lineFrom, run, start, stopAll, temporaryFolder } from '../support/programs';
import { environment, startRecording, wiretape } from '../support/recorder';
import { brought, clients, servers, whyMissing } from './pairs';
import { keepRow } from './results';

const folder = temporaryFolder();
const tapes = { inbound: folder.file('inbound.tape'), outbound: folder.file('outbound.tape') };
let said: Said = [];

function serve(log: string, isChanged = false) {
  return servers['Node.js']({ protocol: 'calls', tls: null, log, isChanged, folder: folder.path });
}

function clientAt(port: number, log: string): readonly string[] {
  const url = `http://127.0.0.1:${port}`;
  return clients.Go({ protocol: 'calls', url, log, count: 100, ca: null, folder: folder.path });
}

async function exported(format: string, tape: string, file: string, more: readonly string[] = []): Promise<string> {
  await run(wiretape, ['export', tape, '--to', format, '-o', folder.file(file), ...more], { env: environment });
  return folder.file(file);
}

/** What a service is told and says while the work is done. */
async function toldTo(work: (target: string) => Promise<void>, name: string, isChanged = false): Promise<Said> {
  const log = folder.file(`${name}.log`);
  const server = await serve(log, isChanged);
  try {
    await work(`http://127.0.0.1:${server.port}`);
  } finally {
    await server.stop();
  }
  return saidIn(log);
}

beforeAll(async () => {
  const log = folder.file('server.log');
  const server = await serve(log);
  const recording = await startRecording(tapes.inbound, ['--port', String(server.port)]);
  const command = clientAt(server.port, folder.file('client.log'));
  await run(wiretape, ['record', '-o', tapes.outbound, '--', ...command], { env: environment });
  await recording.end();
  await server.stop();
  said = saidIn(log);
}, 120_000);
afterEach(stopAll);
afterAll(() => folder.remove());

/** A test of a tool, and its row; skipped, with the reason, where the tool could not be had. */
function itRuns(row: { format: string; tool: string }, needs: string, test: () => Promise<void>): void {
  const missing = whyMissing(needs);
  if (missing !== null) {
    keepRow({ kind: 'export', ...row, passed: false, missing });
    it.skip(`${row.format} is run by ${row.tool} [${missing}]`, () => undefined);
    return;
  }
  it(`${row.format} is run by ${row.tool}`, async () => {
    let passed = false;
    try {
      await test();
      passed = true;
    } finally {
      keepRow({ kind: 'export', ...row, passed, missing: null });
    }
  }, 180_000);
}

describeE2e('an export', () => {
  itRuns({ format: 'curl', tool: 'curl' }, 'curl', async () => {
    const sent = async (target: string) => {
      const script = await exported('curl', tapes.inbound, 'requests.sh', ['--target', target]);
      await run('bash', ['-e', script], { cwd: folder.path });
    };
    expect(await toldTo(sent, 'curl')).toEqual(said);
  });

  itRuns({ format: 'hurl', tool: 'Hurl' }, 'Hurl', async () => {
    const sent = async (target: string) => {
      const file = await exported('hurl', tapes.inbound, 'calls.hurl', ['--target', target]);
      await run(join(brought, 'bin/hurl'), ['--test', file]);
    };
    expect(await toldTo(sent, 'hurl')).toEqual(said);
  });

  itRuns({ format: 'k6', tool: 'k6' }, 'k6', async () => {
    const sent = async (target: string) => {
      const script = await exported('k6', tapes.inbound, 'load.js');
      const summary = folder.file('k6.json');
      const flags = ['-q', '--no-usage-report', '-e', `TARGET=${target}`, '-e', 'PACE=0', '--summary-export', summary];
      await run(join(brought, 'bin/k6'), ['run', ...flags, script], { cwd: folder.path });
      expect(JSON.parse(readFileSync(summary, 'utf8')).metrics.checks).toMatchObject({ passes: 100, fails: 0 });
    };
    expect(await toldTo(sent, 'k6')).toEqual(said);
  });

  itRuns({ format: 'wiremock', tool: 'WireMock' }, 'WireMock', async () => {
    mkdirSync(folder.file('mappings'));
    await exported('wiremock', tapes.outbound, 'mappings/calls.json');
    const jar = join(brought, 'wiremock/wiremock-standalone.jar');
    expect(existsSync(jar)).toBe(true);
    const flags = ['--port', '0', '--bind-address', '127.0.0.1', '--root-dir', folder.path];
    const server = start('java', ['-jar', jar, ...flags]);
    const [, port] = await lineFrom(server, server.child.stdout, /^port:\s+(\d+)/);
    const [command = '', ...args] = clientAt(Number(port), folder.file('wiremock.log'));
    await run(command, args);
    expect(saidIn(folder.file('wiremock.log'))).toEqual(said);
  });

  itRuns({ format: 'har', tool: 'haralyzer' }, 'Python', async () => {
    const file = await exported('har', tapes.inbound, 'calls.har');
    const script = join(__dirname, '../../fixtures/apps/peers/python/read_har.py');
    const lines = execFileSync(join(brought, 'python/bin/python'), [script, file], { encoding: 'utf8' });
    expect(lines.trim().split('\n').sort()).toEqual(said);
  });
});
