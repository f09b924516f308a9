/** The files as Docker 20.10, Podman 4.3 and containerd 1.6 wrote them, shortened. */
import {
  fromAnnotations,
  fromContainersStorage,
  fromDocker,
  parseBundle,
} from '../../../../../recorder/source/ebpf/attach/containers/runtime-state';
import { configV2, containersJson, criAnnotations, crioAnnotations, dockerBundle, ids } from './runtime-files';

describe("Docker's config.v2.json", () => {
  it('gives name, image and published ports', () => {
    expect(fromDocker(configV2())).toEqual({
      id: ids.api,
      name: 'shop-api-1',
      image: 'node:24-bookworm-slim',
      pod: null,
      published: [28443],
    });
  });

  it("gives the pod in cri-dockerd's labels, and the name Kubernetes knows", () => {
    const labels = {
      'io.kubernetes.container.name': 'api',
      'io.kubernetes.pod.name': 'api-7c9f',
      'io.kubernetes.pod.namespace': 'shop',
    };
    expect(fromDocker(configV2({ labels }))).toMatchObject({
      name: 'api',
      pod: { id: null, name: 'api-7c9f', namespace: 'shop' },
    });
  });

  it('gives no ports that are exposed and not published', () => {
    expect(fromDocker(configV2({ ports: { '8443/tcp': null } }))?.published).toEqual([]);
  });
});

describe('containers.json of containers/storage', () => {
  it('gives name and image of each', () => {
    expect(fromContainersStorage(containersJson)).toEqual([
      { id: ids.api, name: 'api', image: 'docker.io/library/node:24-bookworm-slim', pod: null, published: [] },
      { id: ids.worker, name: 'worker', image: 'localhost/worker:latest', pod: null, published: [] },
    ]);
  });
});

describe('a bundle', () => {
  it('says where the files over /etc lie', () => {
    expect(parseBundle(dockerBundle('/data/docker')).mountSources).toEqual([
      `/data/docker/containers/${ids.api}/resolv.conf`,
      `/data/docker/containers/${ids.api}/hostname`,
    ]);
  });

  it("gives what Kubernetes calls it, in containerd's words and in CRI-O's", () => {
    const pod = { id: '2b4f1c1e-9d52-4a0e-8a57-0d6a4f0a9c11', name: 'api-7c9f', namespace: 'shop' };
    const expected = { name: 'api', image: 'registry.test/shop/api:1.4', pod };
    expect(fromAnnotations(criAnnotations)).toEqual(expected);
    expect(fromAnnotations(crioAnnotations)).toEqual(expected);
  });

  it("gives nothing where there is no pod's name", () => {
    expect(
      fromAnnotations({ 'io.kubernetes.cri-o.SandboxID': ids.worker, 'io.container.manager': 'libpod' }),
    ).toBeUndefined();
  });
});

it.each(['', '{', 'null', '[]', '{"ID":7}', '"text"', '[1,null,{"id":5}]', '{"mounts":3,"annotations":[]}'])(
  'makes nothing of %j',
  (text) => {
    expect(fromDocker(text)).toBeUndefined();
    expect(fromContainersStorage(text)).toEqual([]);
    expect(parseBundle(text).mountSources).toEqual([]);
  },
);

it('takes no name of endless length', () => {
  expect(fromDocker(configV2({ name: `/${'x'.repeat(2000)}` }))?.name).toBeNull();
});
