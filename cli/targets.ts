/** `--target`: one build for everything, or one for each service of the tape, by the port it listened on. */
import type { Options } from 'yargs';
import { isSent, type TestCase } from '../replayer/cases/cases';
import { parseTarget, type Target } from '../replayer/drive/target';
import { type DestinationOptions, listeningPort } from '../replayer/play/destination';
import { usage } from './options';

export const targetOptions = {
  target: {
    type: 'string',
    array: true,
    demandOption: true,
    describe:
      'the build: http(s)://host:port, with a base path if any; for a tape of several services PORT=URL, repeatable',
  },
} as const satisfies Record<string, Options>;

export type Targets = Pick<DestinationOptions, 'target'> & Required<Pick<DestinationOptions, 'targets'>>;

/** Throws USAGE for what is no address, and where a case would be sent to nobody. */
export function targetsFrom(texts: readonly string[], cases: readonly TestCase[]): Targets {
  const targets = new Map<number, Target>();
  let other: Target | undefined;
  for (const text of texts) {
    const [, port, url] = /^(\d{1,5})=(.*)$/s.exec(text) ?? [];
    const target = parseTarget(url ?? text);
    if (port !== undefined) targets.set(Number(port), target);
    else if (other === undefined) other = target;
    else
      throw usage(
        '--target is given twice for the same',
        'Say for which port each is:  --target 8080=URL --target 9090=URL',
      );
  }
  if (other === undefined) refuseOthers(targets, cases);
  const [first] = targets.values();
  return { target: other ?? first ?? parseTarget(''), targets };
}

/** Every target, each once. */
export function allTargets({ target, targets }: Targets): readonly Target[] {
  return [...new Set([target, ...targets.values()])];
}

function refuseOthers(targets: ReadonlyMap<number, Target>, cases: readonly TestCase[]): void {
  const ports = cases.filter(isSent).map((test) => listeningPort(test));
  const port = ports.find((each) => each === null || !targets.has(each));
  if (port === undefined) return;
  const count = ports.filter((each) => each === port).length;
  const what = `${count} ${count === 1 ? 'case' : 'cases'}`;
  const where = port === null ? 'a connection whose port the tape does not know' : `port ${port}`;
  throw usage(`No --target for ${what} recorded on ${where}`, [
    ...(port === null ? [] : [`Add  --target ${port}=http://127.0.0.1:${port}`]),
    'A --target without a port takes everything else',
  ]);
}
