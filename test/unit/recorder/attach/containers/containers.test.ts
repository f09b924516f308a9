import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createContainers } from '../../../../../recorder/source/ebpf/attach/containers/containers';
import { createProcReader } from '../../../../../recorder/source/ebpf/attach/proc/proc-reader';
import { parseCgroups } from '../../../../../recorder/source/ebpf/attach/proc/proc-text';
import { createProcTree, type FakeProcess, type ProcTree } from '../proc-tree';
import {
  configV2,
  conmonWords,
  containersJson,
  criAnnotations,
  crioAnnotations,
  dockerBundle,
  ids,
  shimWords,
} from './runtime-files';

let tree: ProcTree;
afterEach(() => tree.dispose());

function machine(...processes: readonly FakeProcess[]) {
  tree = createProcTree(processes);
  return createContainers(createProcReader(tree.root));
}

/** A file as a process of this pid sees it. */
function file(pid: number, path: string, text: string): void {
  const place = join(tree.root, String(pid), 'root', path);
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(place, text);
}

function workingFolder(pid: number, path: string): void {
  symlinkSync(path, join(tree.root, String(pid), 'cwd'));
}

const service = { pid: 12, parentPid: 11, name: 'MainThread', exe: '/usr/bin/node' };
const worker = { ...service, pid: 13, parentPid: 12 };
const podUid = '2b4f1c1e-9d52-4a0e-8a57-0d6a4f0a9c11';

describe('Podman', () => {
  const cgroup = `0::/libpod_parent/libpod-${ids.api}\n`;
  const conmon = {
    pid: 11,
    name: 'conmon',
    exe: '/usr/bin/conmon',
    cmdline: conmonWords(ids.api, 'api', '/data/pods'),
  };

  it("reads the name off conmon's words and the image from the storage they name", () => {
    const containers = machine(conmon, service, worker);
    file(11, '/data/pods/overlay-containers/containers.json', containersJson);
    for (const pid of [12, 13]) {
      expect(containers.of(pid, parseCgroups(cgroup))).toEqual({
        id: ids.api,
        name: 'api',
        image: 'docker.io/library/node:24-bookworm-slim',
        pod: null,
      });
    }
  });

  it('has the name also where the storage may not be read', () => {
    expect(machine(conmon, service).of(12, parseCgroups(cgroup))).toMatchObject({ name: 'api', image: null });
  });

  it('takes no name of the conmon of another container', () => {
    const other = { ...conmon, cmdline: conmonWords(ids.worker, 'worker') };
    expect(machine(other, service).of(12, parseCgroups(cgroup))).toMatchObject({ id: ids.api, name: null });
  });

  it('knows the id of a pod of its own, and makes up no name for it', () => {
    const inPod = `0::/libpod_parent/${ids.infra}/libpod-${ids.api}\n`;
    const pod = { id: ids.infra, name: null, namespace: null };
    expect(machine(conmon, service).of(12, parseCgroups(inPod))).toMatchObject({ name: 'api', pod });
  });
});

describe('CRI-O', () => {
  it("reads name, image and pod off the bundle's annotations", () => {
    const conmon = {
      pid: 11,
      name: 'conmon',
      exe: '/usr/bin/conmon',
      cmdline: conmonWords(ids.api, 'k8s_api_api-7c9f_shop_x_0'),
    };
    const containers = machine(conmon, service);
    const bundle = `/var/lib/containers/storage/overlay-containers/${ids.api}/userdata/config.json`;
    file(11, bundle, JSON.stringify({ annotations: crioAnnotations }));
    const cgroup = `0::/kubepods.slice/kubepods-pod${podUid.replaceAll('-', '_')}.slice/crio-${ids.api}.scope\n`;
    expect(containers.of(12, parseCgroups(cgroup))).toEqual({
      id: ids.api,
      name: 'api',
      image: 'registry.test/shop/api:1.4',
      pod: { id: podUid, name: 'api-7c9f', namespace: 'shop' },
    });
  });
});

describe('Docker', () => {
  const shim = {
    pid: 11,
    name: 'containerd-shim',
    exe: '/usr/bin/containerd-shim-runc-v2',
    cmdline: shimWords('moby', ids.api),
  };
  const folder = '/run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby';
  const cgroup = `0::/system.slice/docker-${ids.api}.scope\n`;
  const expected = { id: ids.api, name: 'shop-api-1', image: 'node:24-bookworm-slim', pod: null };

  it('finds its state by the files it puts over those in /etc, wherever it keeps them', () => {
    const containers = machine(shim, service);
    workingFolder(11, `${folder}/${ids.api}`);
    file(11, `${folder}/${ids.api}/config.json`, dockerBundle('/data/docker'));
    file(11, `/data/docker/containers/${ids.api}/config.v2.json`, configV2());
    expect(containers.of(12, parseCgroups(cgroup))).toEqual(expected);
  });

  it('looks at the usual place where the bundle may not be read', () => {
    const containers = machine(shim, service);
    file(11, `/var/lib/docker/containers/${ids.api}/config.v2.json`, configV2());
    expect(containers.of(12, parseCgroups(cgroup))).toEqual(expected);
  });

  it('keeps what it has found, and looks again for a name that was not there yet', () => {
    const containers = machine(shim, service);
    const state = `/var/lib/docker/containers/${ids.api}/config.v2.json`;
    expect(containers.of(12, parseCgroups(cgroup))).toEqual({ id: ids.api, name: null, image: null, pod: null });
    file(11, state, configV2());
    expect(containers.of(12, parseCgroups(cgroup))).toEqual(expected);
    rmSync(join(tree.root, '11/root', state));
    expect(containers.of(12, parseCgroups(cgroup))).toEqual(expected);
  });
});

describe('Kubernetes on containerd', () => {
  it("reads the bundle beside that of the sandbox, which is the shim's folder", () => {
    const shim = { pid: 11, name: 'containerd-shim', exe: '/x', cmdline: shimWords('k8s.io', ids.infra) };
    const containers = machine(shim, service);
    const folder = '/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io';
    workingFolder(11, `${folder}/${ids.infra}`);
    file(11, `${folder}/${ids.api}/config.json`, JSON.stringify({ annotations: criAnnotations }));
    const cgroup = `0::/kubepods/besteffort/pod${podUid}/${ids.api}\n`;
    expect(containers.of(12, parseCgroups(cgroup))).toEqual({
      id: ids.api,
      name: 'api',
      image: 'registry.test/shop/api:1.4',
      pod: { id: podUid, name: 'api-7c9f', namespace: 'shop' },
    });
  });
});

it('knows no container of a process that runs in none', () => {
  expect(machine(service).of(12, ['/system.slice/nginx.service'])).toBeNull();
});

it('has only the id where nothing stands over the container', () => {
  const cgroup = `0::/docker/${ids.api}\n`;
  expect(machine({ ...service, parentPid: 1 }).of(12, parseCgroups(cgroup))).toEqual({
    id: ids.api,
    name: null,
    image: null,
    pod: null,
  });
});

describe('the containers there are', () => {
  const named = (containers: ReturnType<typeof machine>) => containers.stored().map(({ id, name }) => [id, name]);

  it('come from the places that conmon and dockerd name', () => {
    const containers = machine(
      { pid: 11, name: 'conmon', cmdline: conmonWords(ids.worker, 'worker', '/data/pods') },
      { pid: 21, name: 'dockerd', cmdline: ['/usr/sbin/dockerd', '--data-root', '/data/docker'] },
    );
    file(11, '/data/pods/overlay-containers/containers.json', containersJson.replace(ids.api, ids.infra));
    file(21, `/data/docker/containers/${ids.api}/config.v2.json`, configV2());
    expect(named(containers)).toEqual([
      [ids.infra, 'api'],
      [ids.worker, 'worker'],
      [ids.api, 'shop-api-1'],
    ]);
  });

  it('come from the usual places where no runtime runs', () => {
    const containers = machine({ pid: 1, exe: '/sbin/init' });
    file(1, '/var/lib/containers/storage/overlay-containers/containers.json', containersJson);
    expect(named(containers)).toEqual([
      [ids.api, 'api'],
      [ids.worker, 'worker'],
    ]);
  });
});
