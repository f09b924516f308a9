import { returnProbeRefusal } from '../../../../recorder/source/ebpf/attach/return-probes';

it.each(['6.11.0', '6.12.111+deb13-cloud-amd64', '6.13.4-arch1'])(
  'refuses return probes under a seccomp filter on %s',
  (release) => {
    expect(returnProbeRefusal(release, 2)).toBe(
      `the process has a seccomp filter, and return probes of kernel ${release.slice(0, 4)} would end it`,
    );
  },
);

it.each([
  ['5.15.0-91-generic', 2],
  ['6.1.0-50-cloud-amd64', 2],
  ['6.10.9', 2],
  ['6.14.0', 2],
  ['6.18.44', 2],
  ['7.11.0', 2],
  ['6.12.1', 0],
  ['6.12.1', 1],
  ['unknown', 2],
])('allows them on %s with seccomp mode %i', (release, mode) => {
  expect(returnProbeRefusal(release, mode)).toBeNull();
});
