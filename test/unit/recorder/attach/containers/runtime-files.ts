/** What container runtimes leave on a machine, as it was seen, shortened: for the tests that read it. */

export const ids = { api: `a1${'0'.repeat(62)}`, worker: `b2${'1'.repeat(62)}`, infra: `c3${'2'.repeat(62)}` } as const;

interface DockerState {
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ports?: Readonly<Record<string, unknown>>;
}

export function configV2({ name = '/shop-api-1', labels = {}, ports }: DockerState = {}): string {
  return JSON.stringify({
    StreamConfig: {},
    State: { Running: true, Pid: 4503, StartedAt: '2026-11-26T23:43:37.531260963Z' },
    ID: ids.api,
    Path: 'node',
    Args: ['server.js'],
    Config: {
      Hostname: ids.api.slice(0, 12),
      Env: ['DB_PASSWORD=hunter2'],
      Image: 'node:24-bookworm-slim',
      Labels: { 'com.docker.compose.service': 'api', ...labels },
    },
    Image: 'sha256:4d21b85ef7466f810be2b1c9d87c64bb6bc53593c4d13992c536087a2d0519dc',
    NetworkSettings: {
      Networks: { bridge: { IPAddress: '192.0.2.66' } },
      Ports: ports ?? { '8443/tcp': [{ HostIp: '127.0.0.1', HostPort: '28443' }], '53/udp': [{ HostPort: '53' }] },
    },
    Name: name,
    Driver: 'overlay2',
  });
}

export const containersJson = JSON.stringify([
  {
    id: ids.api,
    names: ['api'],
    image: '4d21b85ef7466f810be2b1c9d87c64bb6bc53593c4d13992c536087a2d0519dc',
    metadata: JSON.stringify({ 'image-name': 'docker.io/library/node:24-bookworm-slim', name: 'api' }),
  },
  {
    id: ids.worker,
    names: ['worker'],
    metadata: JSON.stringify({ 'image-name': 'localhost/worker:latest', name: 'worker' }),
  },
]);

export function dockerBundle(dataRoot: string): string {
  const over = (name: string) => ({
    destination: `/etc/${name}`,
    type: 'bind',
    source: `${dataRoot}/containers/${ids.api}/${name}`,
    options: ['rbind', 'rprivate'],
  });
  const proc = { destination: '/proc', type: 'proc', source: 'proc' };
  return JSON.stringify({ ociVersion: '1.0.2', mounts: [proc, over('resolv.conf'), over('hostname')] });
}

export const criAnnotations = {
  'io.kubernetes.cri.container-name': 'api',
  'io.kubernetes.cri.container-type': 'container',
  'io.kubernetes.cri.image-name': 'registry.test/shop/api:1.4',
  'io.kubernetes.cri.sandbox-id': ids.infra,
  'io.kubernetes.cri.sandbox-name': 'api-7c9f',
  'io.kubernetes.cri.sandbox-namespace': 'shop',
  'io.kubernetes.cri.sandbox-uid': '2b4f1c1e-9d52-4a0e-8a57-0d6a4f0a9c11',
};

export const crioAnnotations = {
  'io.container.manager': 'cri-o',
  'io.kubernetes.container.name': 'api',
  'io.kubernetes.cri-o.ImageName': 'registry.test/shop/api:1.4',
  'io.kubernetes.pod.name': 'api-7c9f',
  'io.kubernetes.pod.namespace': 'shop',
  'io.kubernetes.pod.uid': '2b4f1c1e-9d52-4a0e-8a57-0d6a4f0a9c11',
};

/** conmon's words of Podman 4.3, shortened. */
export function conmonWords(id: string, name: string, storage = '/var/lib/containers/storage'): readonly string[] {
  const bundle = `${storage}/overlay-containers/${id}/userdata`;
  const exit = ['--exit-command', '/usr/bin/podman', '--exit-command-arg', '--root', '--exit-command-arg', storage];
  return [
    '/usr/bin/conmon',
    '--api-version',
    '1',
    '-c',
    id,
    '-u',
    id,
    '-r',
    '/usr/bin/runc',
    '-b',
    bundle,
    '-n',
    name,
    ...exit,
  ];
}

export function shimWords(namespace: string, id: string): readonly string[] {
  const address = '/run/containerd/containerd.sock';
  return ['/usr/bin/containerd-shim-runc-v2', '-namespace', namespace, '-id', id, '-address', address];
}
