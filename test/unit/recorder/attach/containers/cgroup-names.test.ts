import { containerIdOf, podIdOf } from '../../../../../recorder/source/ebpf/attach/containers/cgroup-names';
import { parseCgroups } from '../../../../../recorder/source/ebpf/attach/proc/proc-text';

const id = `c0ffee${'0123456789'.repeat(5)}ab`.padEnd(64, 'f');
const pod = 'b'.repeat(64);

it.each([
  ['Docker, v1', `/docker/${id}`],
  ['Docker, v2 under systemd', `/system.slice/docker-${id}.scope`],
  ['containerd', `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cri-containerd-${id}.scope`],
  ['CRI-O', `/kubepods.slice/kubepods-pod12.slice/crio-${id}.scope`],
  ['Podman', `/machine.slice/libpod-${id}.scope/container`],
  ['rootless Podman', `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${id}.scope/container`],
  ['a pod of Podman', `/libpod_parent/${pod}/libpod-${id}`],
  ['a pod of Podman under systemd', `/machine.slice/machine-libpod_pod_${pod}.slice/libpod-${id}.scope`],
  ['the cgroupfs driver', `/kubepods/besteffort/pod1-2/${id}`],
  ['a container in a container', `/docker/${pod}/docker/${id}`],
  ['a service manager in a container', `/docker/${id}/system.slice/nginx.service`],
])('knows a container of %s', (_, path) => {
  expect(containerIdOf(['/', path])).toBe(id);
});

it.each([
  '/',
  '/system.slice/nginx.service',
  `/user.slice/${'a'.repeat(63)}`,
  `/x/${'a'.repeat(65)}`,
  '/libpod_parent/conmon',
  `/libpod_parent/${pod}/conmon`,
  `/machine.slice/libpod-conmon-${id}.scope`,
  `/kubepods.slice/kubepods-pod12.slice/crio-conmon-${id}.scope`,
  `/machine.slice/machine-libpod_pod_${pod}.slice`,
])('sees no container in %s', (path) => {
  expect(containerIdOf([path])).toBeNull();
});

/** As /proc/PID/cgroup showed them: a hybrid machine with Podman 4.3 and Docker 20.10 under the cgroupfs driver. */
describe('whole files', () => {
  const controllers = ['pids', 'blkio', 'freezer', 'devices', 'memory', 'cpuset', 'cpuacct', 'cpu'];
  const hybrid = (path: string) =>
    [`9:name=systemd:${path}`, ...controllers.map((name, i) => `${8 - i}:${name}:${path}`), `0::${path}`, ''].join(
      '\n',
    );

  it.each([
    ['Podman, hybrid', hybrid(`/libpod_parent/libpod-${id}`), id],
    ['a pod of Podman, hybrid', hybrid(`/libpod_parent/${pod}/libpod-${id}`), id],
    [
      'its conmon, hybrid',
      `9:name=systemd:/\n8:pids:/libpod_parent/${pod}/conmon\n0::/libpod_parent/${pod}/conmon\n`,
      null,
    ],
    ['Docker, hybrid', hybrid(`/docker/${id}`), id],
    ['Docker, v1 alone', hybrid(`/docker/${id}`).replace(/^0::.*\n/m, ''), id],
    ['Docker, v2 under systemd', `0::/system.slice/docker-${id}.scope\n`, id],
    ['rootless Podman under the cgroupfs driver, which makes no cgroup', '1:cpu:/\n0::/\n', null],
  ])('%s', (_, text, expected) => {
    expect(containerIdOf(parseCgroups(text))).toBe(expected);
  });
});

describe('the pod', () => {
  const uid = '2b4f1c1e-9d52-4a0e-8a57-0d6a4f0a9c11';
  const underscored = uid.replaceAll('-', '_');

  it.each([
    ['Kubernetes, cgroupfs', `/kubepods/besteffort/pod${uid}/${id}`, uid],
    ['Kubernetes, cgroupfs, guaranteed', `/kubepods/pod${uid}/${id}`, uid],
    [
      'Kubernetes, systemd',
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${underscored}.slice/cri-containerd-${id}.scope`,
      uid,
    ],
    [
      'Kubernetes in a kind node',
      `/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${underscored}.slice/x`,
      uid,
    ],
    ['a static pod', `/kubepods/burstable/pod${'0123456789abcdef'.repeat(2)}/${id}`, '0123456789abcdef'.repeat(2)],
    ['Podman, cgroupfs', `/libpod_parent/${pod}/libpod-${id}`, pod],
    ['Podman, systemd', `/machine.slice/machine-libpod_pod_${pod}.slice/libpod-${id}.scope`, pod],
    ['no pod of Podman', `/libpod_parent/libpod-${id}`, null],
    ['Docker', `/docker/${id}`, null],
    ['a service whose name only looks like it', `/system.slice/pod${uid}.service`, null],
  ])('of %s', (_, path, expected) => {
    expect(podIdOf(['/', path])).toBe(expected);
  });
});
