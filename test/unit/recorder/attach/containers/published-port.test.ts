/** The processes, namespaces and command lines as Docker 20.10 and Podman 4.3, also rootless, showed them. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { formatError, WiretapeError } from '../../../../../errors/wiretape-error';
import { createProcReader } from '../../../../../recorder/source/ebpf/attach/proc/proc-reader';
import { createProcesses } from '../../../../../recorder/source/ebpf/attach/processes';
import { findTargets, type TargetSpec } from '../../../../../recorder/source/ebpf/attach/targets';
import { noTargets } from '../../../../support/in-process';
import { createProcTree, type FakeProcess, hexPort, LISTEN, type ProcTree, tcpRow } from '../proc-tree';
import { configV2, conmonWords, ids } from './runtime-files';

let tree: ProcTree;
afterEach(() => tree.dispose());

const HOST = 'net:[4026531840]';
const INSIDE = 'net:[4026532475]';

/** A socket that listens, and its holder's table of its namespace. */
function listening(port: number, inode: number) {
  const row = tcpRow(`00000000:${hexPort(port)}`, '00000000:0000', { inode, state: LISTEN });
  return { sockets: [inode], tcp: [row] };
}

const init: FakeProcess = { pid: 1, exe: '/sbin/init', netns: HOST };
const conmon: FakeProcess = {
  pid: 20,
  name: 'conmon',
  exe: '/usr/bin/conmon',
  cmdline: conmonWords(ids.api, 'api'),
  netns: HOST,
  ...listening(28443, 500),
};
const service: FakeProcess = {
  pid: 30,
  parentPid: 20,
  name: 'MainThread',
  exe: '/usr/bin/node',
  netns: INSIDE,
  cgroup: `0::/libpod_parent/libpod-${ids.api}\n`,
  addresses: ['127.0.0.1', '192.0.2.66'],
  ...listening(8443, 600),
};

function find(port: number, ...processes: readonly FakeProcess[]): readonly number[] {
  tree = createProcTree(processes);
  return again(port);
}

function again(port: number): readonly number[] {
  const spec: TargetSpec = { ...noTargets, ports: [port] };
  const { matches } = findTargets(spec, createProcesses(createProcReader(tree.root)), { selfPid: 99 });
  return matches.map(({ process }) => process.pid);
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof WiretapeError) return formatError(error);
    throw error;
  }
  throw new Error('nothing was refused');
}

function refused(proxy: string, behind: string, target: string): string {
  return [
    'PUBLISHED_PORT  Port 28443 is a published port: the service is not the one that listens',
    `  seen      ${proxy} listens on it and passes what comes on to a container`,
    `  seen      behind it: ${behind}`,
    `  do this   Record the container: ${target}`,
  ].join('\n');
}

it('names the container behind a conmon', () => {
  const text = refusal(() => find(28443, init, conmon, service));
  expect(text).toBe(refused('conmon (20)', 'node (30) in container a10000000000 api', '--container api'));
});

it("names the containers of a pod, not the one that holds the pod's ports", () => {
  const infra = { ...conmon, cmdline: conmonWords(ids.infra, 'c32222222222-infra') };
  const pause = {
    ...service,
    pid: 29,
    name: 'catatonit',
    exe: '/catatonit',
    sockets: [],
    cgroup: `0::/libpod_parent/x/libpod-${ids.infra}\n`,
  };
  const own = { pid: 21, name: 'conmon', exe: '/usr/bin/conmon', cmdline: conmonWords(ids.api, 'api'), netns: HOST };
  const text = refusal(() => find(28443, init, infra, pause, own, { ...service, parentPid: 21 }));
  expect(text).toBe(refused('conmon (20)', 'node (30) in container a10000000000 api', '--container api'));
});

describe('docker-proxy', () => {
  const words = ['/usr/sbin/docker-proxy', '-proto', 'tcp', '-host-ip', '0.0.0.0', '-host-port', '28443'];
  const cmdline = [...words, '-container-ip', '192.0.2.66', '-container-port', '8443'];
  const proxy = {
    pid: 20,
    name: 'docker-proxy',
    exe: '/usr/sbin/docker-proxy',
    cmdline,
    netns: HOST,
    ...listening(28443, 500),
  };
  const inDocker = { ...service, parentPid: 1, cgroup: `0::/system.slice/docker-${ids.api}.scope\n` };
  const elsewhere = { ...inDocker, pid: 31, netns: 'net:[7]', addresses: ['192.0.2.67'], ...listening(8443, 601) };

  it('leads to the one that has its address and listens on its port', () => {
    const text = refusal(() => find(28443, init, proxy, elsewhere, inDocker));
    const label = 'a10000000000 (its name cannot be read here)';
    expect(text).toBe(refused('docker-proxy (20)', `node (30) in container ${label}`, '--container a10000000000'));
  });

  it('says that it is one where nothing can be seen behind it', () => {
    expect(refusal(() => find(28443, init, proxy, elsewhere))).toBe(
      [
        'PUBLISHED_PORT  Port 28443 is a published port: the service is not the one that listens',
        '  seen      docker-proxy (20) listens on it and passes what comes on to a container',
        '  do this   Record the container: --container NAME',
      ].join('\n'),
    );
  });

  it('is left out where the service listens on the same port', () => {
    const same = { ...proxy, cmdline: [...words, '-container-ip', '192.0.2.66', '-container-port', '28443'] };
    expect(find(28443, init, same, { ...inDocker, ...listening(28443, 600) })).toEqual([30]);
  });

  it('is refused where only another service listens on the same port', () => {
    const other = { ...elsewhere, ...listening(28443, 601) };
    expect(refusal(() => find(28443, init, proxy, other, inDocker))).toContain('--container a10000000000');
  });
});

it("reads Docker's own list where nobody listens because the kernel forwards", () => {
  tree = createProcTree([init]);
  const place = join(tree.root, '1/root/var/lib/docker/containers', ids.api, 'config.v2.json');
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(place, configV2());
  expect(refusal(() => again(28443))).toBe(
    [
      'PUBLISHED_PORT  Port 28443 is a published port: nobody listens on it here',
      '  seen      the kernel passes what comes on to container a10000000000 shop-api-1',
      '  do this   Record the container: --container shop-api-1',
    ].join('\n'),
  );
});

describe('rootless, where the cgroup may not tell the container', () => {
  const rootless = { ...service, parentPid: 1, cgroup: '0::/\n' };

  it("finds the service in the network of Podman's rootlessport", () => {
    const held = { pid: 40, name: 'keeper', exe: '/x', netns: HOST, tcp: listening(28443, 500).tcp };
    const proxy = { pid: 20, name: 'rootlessport', exe: '/usr/lib/podman/rootlessport', netns: INSIDE, sockets: [500] };
    const text = refusal(() => find(28443, init, held, proxy, rootless));
    expect(text).toBe(refused('rootlessport (20)', 'node (30)', '--pid 30'));
  });

  it('finds it in the network that slirp4netns was given by its path', () => {
    const path = '/run/user/1000/netns/netns-d14cbb9a';
    const cmdline = ['/usr/bin/slirp4netns', '--mtu=65520', '--netns-type=path', path, 'tap0'];
    const proxy = {
      pid: 20,
      name: 'slirp4netns',
      exe: '/usr/bin/slirp4netns',
      cmdline,
      netns: HOST,
      ...listening(28443, 500),
    };
    tree = createProcTree([init, proxy]);
    const place = join(tree.root, '20/root', path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, '');
    tree.add({ ...rootless, netns: `net:[${statSync(place).ino}]` });
    expect(refusal(() => again(28443))).toBe(refused('slirp4netns (20)', 'node (30)', '--pid 30'));
  });

  it('names nobody by a network that is the one it listens in', () => {
    const proxy = { pid: 20, name: 'rootlesskit', exe: '/usr/bin/rootlesskit', netns: HOST, ...listening(28443, 500) };
    const web = { pid: 50, name: 'nginx', exe: '/usr/sbin/nginx', netns: HOST, ...listening(80, 501) };
    expect(refusal(() => find(28443, init, proxy, web))).not.toContain('nginx');
  });
});

it('takes no service for a proxy', () => {
  expect(find(8443, init, service)).toEqual([30]);
});
