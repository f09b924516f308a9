/**
 * What reading the TLS of a runtime adds to a service in it, in CPU time an exchange at a fixed rate: one with each kind of
 * probe. A kilobyte goes both ways.
 */
import { execFileSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { buildGo } from '../../test/support/go';
import { compileJava, newestJdk, storeOf } from '../../test/support/java';
import {
  type Certificate,
  makeCertificate,
  startServer,
  stopAll,
  type TemporaryFolder,
  temporaryFolder,
} from '../../test/support/programs';
import { readTape } from '../../test/support/recorder';
import { buildRust } from '../../test/support/rust';
import { buildEcho, builtLibraries } from '../../test/support/tls-libraries';
import { type PacedOptions, startPaced } from '../load/paced';
import { alternate } from '../measure/alternate';
import type { Result } from '../measure/result';
import { type Pair, ratioOf, spreadOf } from '../measure/spread';
import { type Context, inTurn, type Measurement } from '../measurement';
import { kilobyte } from '../services';
import { type Loaded, measureWindow } from './cost';
import { keepAwake } from './keep-awake';
import { recorded } from './recording';

/** Low enough for a machine that does other work as well. */
const PER_SECOND = 200;
const WARM_MS = 5000;

interface Subject {
  readonly name: string;
  /** The word on the tape. */
  readonly library: string;
  /** For `record`. */
  readonly options: readonly string[];
  /** The command of an echo over TLS; built into the folder. Throws where the machine lacks what it takes. */
  command(folder: TemporaryFolder, certificate: Certificate): readonly [command: string, ...args: string[]];
}

const subjects: readonly Subject[] = [
  {
    name: 'Go TLS',
    library: 'go',
    options: [],
    command: (folder, { cert, key }) => [buildGo('go-tls', folder.file('echo'), 'stripped'), 'server', cert, key],
  },
  {
    name: 'Java TLS',
    library: 'jsse',
    options: ['--java'],
    command: (folder, certificate) => {
      const store = storeOf(certificate, folder.file('store.p12'));
      // Without it answers wait for acknowledgements, 40 ms each.
      const prompt = '-Dsun.net.httpserver.nodelay=true';
      return [newestJdk().java, prompt, '-cp', compileJava(folder.path), 'Echo', 'server', store];
    },
  },
  {
    name: 'GnuTLS',
    library: 'gnutls',
    options: [],
    command: (folder, { cert, key }) => {
      const library = builtLibraries.find(({ name }) => name === 'gnutls');
      if (library === undefined) throw new Error('no GnuTLS to build with');
      return [buildEcho(library, folder.file('echo')), 'server', cert, key];
    },
  },
  {
    name: 'rustls',
    library: 'rustls',
    options: [],
    command: (folder, { cert, key }) => {
      const asDer = { cert: folder.file('cert.der'), key: folder.file('key.der') };
      execFileSync('openssl', ['x509', '-in', cert, '-outform', 'DER', '-out', asDer.cert]);
      execFileSync('openssl', ['pkcs8', '-topk8', '-nocrypt', '-in', key, '-outform', 'DER', '-out', asDer.key]);
      return [buildRust('rustls-echo', folder.file('echo'), ['ring']), 'server', asDer.cert, asDer.key];
    },
  },
];

export const runtimes: Measurement = {
  name: 'runtimes',
  records: true,
  isLong: true,
  measure: (context) => inTurn(subjects, async (subject) => [await compare(subject, context)]),
};

async function compare(subject: Subject, context: Context): Promise<Result> {
  const folder = temporaryFolder();
  try {
    const [command, ...args] = subject.command(folder, makeCertificate(folder.path));
    const server = await startServer(command, args);
    keepAwake();
    const service = { url: `https://127.0.0.1:${server.port}/echo`, pids: [server.pid], port: server.port };
    return await compareService(service, { ...subject, body: folder.write('body', kilobyte) }, context);
  } finally {
    await stopAll();
    folder.remove();
  }
}

async function compareService(
  service: Loaded & { readonly port: number },
  { name, library, options, body }: Subject & { readonly body: string },
  context: Context,
): Promise<Result> {
  const load = { perSecond: PER_SECOND, body };
  await untilCompiled(service.url, load);
  const measure = async (recorder: number | null) => (await measureWindow(service, load, context, recorder)).service;
  const pairs = await alternate<number>(
    {
      baseline: () => measure(null),
      subject: async () => {
        const steps = {
          work: ({ pid }: { readonly pid: number }) => measure(pid),
          look: (tape: string) => mustHold(tape, library),
        };
        return (await recorded(service.port, steps, options)).worked;
      },
    },
    { pairs: context.sizes.pacedPairs, signal: context.signal },
  );
  context.tell(`${name}: ${pairs.map(pairText).join(', ')} us`);
  return {
    name: `CPU of ${name} at ${PER_SECOND}/s`,
    ratioOf:
      'CPU time of the service, recorded / not recorded; the amount is what recording adds, in the kernel and in probes',
    ratio: ratioOf(pairs),
    figure: { spread: spreadOf(pairs.map(({ subject, baseline }) => subject - baseline)), unit: 'us an exchange' },
    goal: null,
    notes: [],
  };
}

/** Virtual machines take seconds for their first answers, and get faster for many more. */
async function untilCompiled(url: string, load: PacedOptions): Promise<void> {
  const warming = startPaced(url, load);
  await pause(WARM_MS);
  await warming.stop();
}

/** A recording that read nothing would cost nothing. */
async function mustHold(tape: string, library: string): Promise<void> {
  const exchanges = await readTape(tape);
  const read = exchanges.filter(({ exchange }) => exchange.connection.tls?.library === library);
  const whole = read.filter(({ exchange }) => exchange.problems.length === 0);
  if (whole.length < exchanges.length * 0.9 || whole.length < PER_SECOND / 4)
    throw new Error(`of ${exchanges.length} exchanges on the tape ${whole.length} were read of ${library}, and whole`);
}

function pairText({ subject, baseline }: Pair<number>): string {
  return `${subject.toFixed(1)} / ${baseline.toFixed(1)}`;
}
