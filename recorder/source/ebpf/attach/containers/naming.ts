/**
 * What a person may call a container, and which one is meant. Pure. An id, its beginning, the name the runtime gave it,
 * and in a pod also POD/NAME and NAMESPACE/POD/NAME; nothing that is merely alike.
 */
import type { ContainerInfo, PodInfo } from '../../../../../tape/model/exchange';

/** As much of a container as names it; a pod's id does not. */
export interface NamedContainer extends Pick<ContainerInfo, 'id' | 'name'> {
  readonly pod: Pick<PodInfo, 'name' | 'namespace'> | null;
}

/** The beginning of an id that is long enough to be meant as one. */
const idBeginning = /^[0-9a-f]{4,64}$/i;

/** Those that `typed` may mean: by the whole id, else by name, else by the beginning of the id. */
export function containersCalled<T extends NamedContainer>(typed: string, containers: readonly T[]): readonly T[] {
  const byName = containers.filter((container) => isCalled(container, typed));
  if (byName.length > 0 || !idBeginning.test(typed)) return byName;
  return containers.filter(({ id }) => id.startsWith(typed.toLowerCase()));
}

/** Whether this is the container of that id or name; the beginning of an id is not enough. */
export function isCalled(container: NamedContainer, typed: string): boolean {
  return container.id === typed.toLowerCase() || namesOf(container).includes(typed);
}

function namesOf({ name, pod }: NamedContainer): readonly string[] {
  if (name === null) return [];
  if (pod === null || pod.name === null) return [name];
  return [name, `${pod.name}/${name}`, `${pod.namespace ?? ''}/${pod.name}/${name}`];
}

/** `e72df2990809 api`, in a pod `e72df2990809 shop/api-7c9f/api`: as `--container` takes it, the id first. */
export function labelOf(container: NamedContainer): string {
  const short = container.id.slice(0, 12);
  const fullest = namesOf(container).at(-1);
  if (fullest !== undefined) return `${short} ${fullest}`;
  const pod = container.pod?.name ?? null;
  return pod === null ? `${short} (its name cannot be read here)` : `${short} (keeps the pod ${pod})`;
}
