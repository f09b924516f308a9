/**
 * What wiretape needs from the distribution: how to see that it is there, and the Debian package that brings it.
 * Only data. A need is looked for by what it gives (a command, a static library), not by its package, so that a clang
 * from elsewhere counts too.
 */

/**
 * `for`: the task that needs it. `build` belongs to every task. What only `test`, `clients`, `peers`, `containers` or `bench`
 * needs is used by the end-to-end tests and measurements, which need root anyway.
 * @typedef {'build' | 'demo' | 'test' | 'clients' | 'generated' | 'peers' | 'bench' | 'containers' | 'kernels'} Task
 * @typedef {{ package: string, command?: string, library?: string, for: Task }} Need
 */

/** @type {readonly Need[]} */
const needs = [
  { package: 'clang', command: 'clang', for: 'build' },
  { package: 'llvm', command: 'llvm-strip', for: 'build' },
  { package: 'libbpf-dev', library: 'libbpf.a', for: 'build' },
  { package: 'libelf-dev', library: 'libelf.a', for: 'build' },
  { package: 'zlib1g-dev', library: 'libz.a', for: 'build' },
  { package: 'libnghttp2-dev', library: 'libnghttp2.a', for: 'build' },
  { package: 'g++', command: 'g++', for: 'build' },
  { package: 'make', command: 'make', for: 'build' },
  { package: 'python3', command: 'python3', for: 'build' },
  { package: 'curl', command: 'curl', for: 'demo' },
  { package: 'openssl', command: 'openssl', for: 'demo' },
  { package: 'curl', command: 'curl', for: 'test' },
  { package: 'openssl', command: 'openssl', for: 'test' },
  { package: 'nginx', command: 'nginx', for: 'test' },
  { package: 'libssl-dev', library: 'libssl.a', for: 'test' },
  { package: 'procps', command: 'pgrep', for: 'test' },
  { package: 'binutils', command: 'objcopy', for: 'test' },
  { package: 'golang-go', command: 'go', for: 'test' },
  { package: 'libgnutls28-dev', library: 'libgnutls.so', for: 'test' },
  { package: 'gnutls-bin', command: 'gnutls-serv', for: 'test' },
  { package: 'wget', command: 'wget', for: 'test' },
  { package: 'libcurl3-gnutls', library: 'libcurl-gnutls.so.4', for: 'test' },
  { package: 'libnss3-dev', library: 'libcrmf.a', for: 'test' },
  { package: 'libnss3-tools', command: 'selfserv', for: 'test' },
  { package: 'libmbedtls-dev', library: 'libmbedtls.so', for: 'test' },
  { package: 'libwolfssl-dev', library: 'libwolfssl.so', for: 'test' },
  { package: 'android-boringssl', command: 'bssl-tool', for: 'test' },
  { package: 'apache2-bin', command: 'apache2', for: 'test' },
  { package: 'haproxy', command: 'haproxy', for: 'test' },
  { package: 'ruby', command: 'ruby', for: 'test' },
  { package: 'php-cli', command: 'php', for: 'test' },
  { package: 'libio-socket-ssl-perl', library: 'IO/Socket/SSL.pm', for: 'test' },
  { package: 'pkg-config', command: 'pkg-config', for: 'test' },
  { package: 'default-jdk-headless', command: 'javac', for: 'test' },
  { package: 'liburing-dev', library: 'liburing.so', for: 'test' },
  { package: 'nginx', command: 'nginx', for: 'clients' },
  { package: 'openssl', command: 'openssl', for: 'clients' },
  { package: 'python3', command: 'python3', for: 'clients' },
  { package: 'openssl', command: 'openssl', for: 'peers' },
  { package: 'nginx', command: 'nginx', for: 'bench' },
  { package: 'openssl', command: 'openssl', for: 'bench' },
  { package: 'wrk', command: 'wrk', for: 'bench' },
  { package: 'chromium', command: 'chromium', for: 'generated' },
  { package: 'podman', command: 'podman', for: 'containers' },
  { package: 'runc', command: 'runc', for: 'containers' },
  { package: 'netavark', library: 'podman/netavark', for: 'containers' },
  { package: 'aardvark-dns', library: 'podman/aardvark-dns', for: 'containers' },
  { package: 'iptables', command: 'iptables', for: 'containers' },
  { package: 'catatonit', command: 'catatonit', for: 'containers' },
  { package: 'debootstrap', command: 'debootstrap', for: 'containers' },
  { package: 'iproute2', command: 'ip', for: 'containers' },
  { package: 'curl', command: 'curl', for: 'containers' },
  { package: 'openssl', command: 'openssl', for: 'containers' },
  { package: 'curl', command: 'curl', for: 'kernels' },
  { package: 'nginx', command: 'nginx', for: 'kernels' },
  { package: 'openssl', command: 'openssl', for: 'kernels' },
  { package: 'xz-utils', command: 'xz', for: 'kernels' },
];

/** The oldest Node.js that runs wiretape: better-sqlite3 13 and undici 8 need it. Same number as `engines` in package.json. */
const nodeFloor = { major: 22, minor: 19 };

module.exports = { needs, nodeFloor };
