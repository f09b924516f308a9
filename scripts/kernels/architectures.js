/** What differs between the processors that guests are emulated with: names of Debian's packages and of QEMU's machines. Only data. */

/**
 * @typedef {'amd64' | 'arm64'} ArchitectureName
 * @typedef {{
 *   name: ArchitectureName, meta: string, emulator: { package: string, command: string }, machine: readonly string[], console: string,
 *   libraries: readonly string[],
 * }} Architecture
 * `libraries`: packages that hold what the addon is linked with, where they are not those of this machine
 */

/** @type {Readonly<Record<ArchitectureName, Architecture>>} */
const architectures = {
  amd64: {
    name: 'amd64',
    meta: 'linux-image-cloud-amd64',
    emulator: { package: 'qemu-system-x86', command: 'qemu-system-x86_64' },
    machine: ['-M', 'q35', '-cpu', 'max'],
    console: 'ttyS0',
    libraries: [],
  },
  arm64: {
    name: 'arm64',
    meta: 'linux-image-cloud-arm64',
    emulator: { package: 'qemu-system-arm', command: 'qemu-system-aarch64' },
    // Pointer authentication by QEMU's own cipher: the architected one takes most of the time of a guest. Debian's kernels are
    // built with it, and sign return addresses of their own.
    machine: ['-M', 'virt', '-cpu', 'max,pauth-impdef=on'],
    console: 'ttyAMA0',
    libraries: ['libbpf-dev', 'libelf-dev', 'zlib1g-dev', 'libnghttp2-dev'],
  },
};

module.exports = { architectures };
