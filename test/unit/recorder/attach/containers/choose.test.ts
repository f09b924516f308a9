import { formatError, WiretapeError } from '../../../../../errors/wiretape-error';
import { resolveContainers } from '../../../../../recorder/source/ebpf/attach/containers/choose';
import type { NamedContainer } from '../../../../../recorder/source/ebpf/attach/containers/naming';
import type { Processes } from '../../../../../recorder/source/ebpf/attach/processes';
import type { TargetSpec } from '../../../../../recorder/source/ebpf/attach/targets';

const SELF = 99;
const idFrom = (beginning: string) => beginning.padEnd(64, '0');
const container = (id: string, name: string | null, pod: NamedContainer['pod'] = null) => ({
  id: idFrom(id),
  name,
  pod,
});

const api = container('a1b2c3', 'shop-api-1');
const running = [
  api,
  container('a1b2ff', 'shop-db-1'),
  container('cafe01', 'dead'),
  container('dead01', 'cafe'),
  container('beef01', null),
  container('0001', 'web', { name: 'web-1', namespace: 'shop' }),
  container('0002', 'web', { name: 'web-2', namespace: 'shop' }),
  container('0003', 'web', { name: 'web-1', namespace: 'test' }),
  container('0004', null, { name: 'web-1', namespace: 'shop' }),
  container('5e1f', 'recorder'),
];
const stored = [api, container('f00d', 'migrate'), container('a1b2c3d', 'old')];

/** Only what is asked for here: a list of processes, one in each container. */
function machine(): Processes {
  const facts = running.map((one, i) => ({ pid: one.name === 'recorder' ? SELF : i + 1, container: one }));
  return {
    list: () => facts,
    facts: (pid: number) => facts.find((one) => one.pid === pid),
    storedContainers: () => stored.map((one) => ({ ...one, image: null, published: [] })),
  } as unknown as Processes;
}

function chosen(...containers: readonly string[]): readonly string[] {
  const spec: TargetSpec = { pids: [], comms: [], ports: [], cgroups: [], containers, all: false };
  return resolveContainers(spec, machine(), { selfPid: SELF }).containers;
}

function refusal(typed: string): string {
  try {
    chosen(typed);
  } catch (error) {
    if (error instanceof WiretapeError) return formatError(error);
    throw error;
  }
  throw new Error('nothing was refused');
}

it.each([
  ['a name, which also stands for those that come later', 'shop-api-1', 'shop-api-1'],
  ['a whole id', api.id, api.id],
  ['the beginning of an id', 'a1b2c3', api.id],
  ['the beginning of an id in capitals', 'A1B2C3', api.id],
  ['a name that could begin an id: the name goes first', 'cafe', 'cafe'],
  ['the id of one without a name', 'beef', idFrom('beef01')],
  ['one that does not run yet, by name', 'migrate', 'migrate'],
  ['one that does not run yet, by id', 'f00d', idFrom('f00d')],
  ['a container of a pod', 'web-2/web', 'web-2/web'],
  ['a container of a pod in a namespace', 'test/web-1/web', 'test/web-1/web'],
])('takes %s', (_, typed, expected) => {
  expect(chosen(typed)).toEqual([expected]);
});

it('takes several', () => {
  expect(chosen('shop-db-1', 'a1b2c3')).toEqual(['shop-db-1', api.id]);
});

it.each(['shop-api', 'shop_api_1', 'a1b', 'ffff', 'recorder', '5e1f', ''])(
  'refuses %j, with what there is',
  (typed) => {
    expect(refusal(typed)).toBe(
      [
        `NO_SUCH_PROCESS  No process fits --container ${typed}`,
        '  seen      containers with processes: 000100000000 shop/web-1/web, 000200000000 shop/web-2/web, 000300000000 test/web-1/web, ' +
          '000400000000 (keeps the pod web-1), ' +
          'a1b2c3000000 shop-api-1, a1b2ff000000 shop-db-1, beef01000000 (its name cannot be read here), cafe01000000 dead, dead01000000 cafe',
        "  do this   Give the container's name, its id, or the first four or more digits of the id",
      ].join('\n'),
    );
  },
);

it.each([
  ['a1b2', ['a1b2c3000000 shop-api-1', 'a1b2ff000000 shop-db-1']],
  ['web', ['000100000000 shop/web-1/web', '000200000000 shop/web-2/web', '000300000000 test/web-1/web']],
  ['web-1/web', ['000100000000 shop/web-1/web', '000300000000 test/web-1/web']],
])('refuses %s, which fits several', (typed, labels) => {
  expect(refusal(typed)).toBe(
    [
      `CONTAINER_AMBIGUOUS  --container ${typed} may mean several containers`,
      ...labels.map((label) => `  seen      ${label}`),
      '  do this   Give more of the id, or in Kubernetes POD/NAME or NAMESPACE/POD/NAME; --container may be repeated',
    ].join('\n'),
  );
});
