/**
 * Which container stands after `--container`: its id, the beginning of its id, or its name. Refuses what fits none or
 * several, with a list to choose from. One that exists and does not run yet is waited for.
 */
import { WiretapeError } from '../../../../../errors/wiretape-error';
import type { Processes } from '../processes';
import type { FindOptions, TargetSpec } from '../targets';
import { containersCalled, isCalled, labelOf, type NamedContainer } from './naming';

/**
 * The targets with each container by its whole id or by the name that was typed: a name also stands for containers that
 * come later, the beginning of an id for the one that has it now.
 * @throws WiretapeError NO_SUCH_PROCESS or CONTAINER_AMBIGUOUS
 */
export function resolveContainers(spec: TargetSpec, processes: Processes, { selfPid }: FindOptions): TargetSpec {
  if (spec.containers.length === 0) return spec;
  const running = runningContainers(processes, selfPid);
  const stored = processes.storedContainers().filter(({ id }) => !running.some((container) => container.id === id));
  return { ...spec, containers: spec.containers.map((typed) => resolved(typed, { running, stored })) };
}

/** But for the one the recorder itself may run in. */
function runningContainers(processes: Processes, selfPid: number): readonly NamedContainer[] {
  const own = processes.facts(selfPid)?.container?.id;
  const found = processes
    .list()
    .flatMap(({ container }) => (container === null || container.id === own ? [] : [container]));
  return [...new Map(found.map((container) => [container.id, container])).values()];
}

interface Choice {
  readonly running: readonly NamedContainer[];
  readonly stored: readonly NamedContainer[];
}

function resolved(typed: string, { running, stored }: Choice): string {
  const now = containersCalled(typed, running);
  const fitting = now.length > 0 ? now : containersCalled(typed, stored);
  const [only, ...others] = fitting;
  if (only === undefined) throw unknown(typed, running);
  if (others.length > 0) throw ambiguous(typed, fitting);
  return isCalled(only, typed) ? typed : only.id;
}

function unknown(typed: string, running: readonly NamedContainer[]): WiretapeError {
  return new WiretapeError('NO_SUCH_PROCESS', `No process fits --container ${typed}`, {
    seen: [`containers with processes: ${listed(running) || 'none'}`],
    remedy: "Give the container's name, its id, or the first four or more digits of the id",
  });
}

function ambiguous(typed: string, fitting: readonly NamedContainer[]): WiretapeError {
  return new WiretapeError('CONTAINER_AMBIGUOUS', `--container ${typed} may mean several containers`, {
    seen: fitting.slice(0, MOST_LISTED).map(labelOf),
    remedy: 'Give more of the id, or in Kubernetes POD/NAME or NAMESPACE/POD/NAME; --container may be repeated',
  });
}

const MOST_LISTED = 12;

function listed(containers: readonly NamedContainer[]): string {
  const labels = containers.map(labelOf).sort();
  const more = labels.length > MOST_LISTED ? `, and ${labels.length - MOST_LISTED} more` : '';
  return `${labels.slice(0, MOST_LISTED).join(', ')}${more}`;
}
