import {
  executableMappings,
  mapFileName,
  mountOptions,
  parseCgroups,
  parseStat,
  parseTcpTable,
} from '../../../../recorder/source/ebpf/attach/proc/proc-text';
import { ESTABLISHED, LISTEN, tcpRow } from './proc-tree';

describe('executableMappings', () => {
  const maps = [
    '00400000-00452000 r-xp 00000000 fe:00 173521      /usr/bin/my server',
    '00651000-00652000 r--p 00051000 fe:00 173521      /usr/bin/my server',
    '7f0000000000-7f0000001000 r-xp 00000000 fe:00 99  /usr/lib/libssl.so.3 (deleted)',
    '7f0000001000-7f0000002000 r-xp 00001000 fe:00 99  /usr/lib/libssl.so.3 (deleted)',
    '7f0000002000-7f0000003000 r-xp 00000000 00:2a 5   /opt/odd\\012name.so',
    '7f0000003000-7f0000004000 r-xp 00000000 00:05 77  /dev/dri/card0',
    '7f0000004000-7f0000005000 rwxp 00000000 00:00 0 ',
    '7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0   [vdso]',
    'garbage',
  ].join('\n');

  it('lists each executable file once, devices and anonymous memory left out', () => {
    expect(executableMappings(maps).map(({ path, inode }) => [path, inode])).toEqual([
      ['/usr/bin/my server', '173521'],
      ['/usr/lib/libssl.so.3 (deleted)', '99'],
      ['/opt/odd\nname.so', '5'],
    ]);
  });

  it('names them as /proc/PID/map_files does', () => {
    expect(executableMappings(maps).map(mapFileName)).toEqual([
      '400000-452000',
      '7f0000000000-7f0000001000',
      '7f0000002000-7f0000003000',
    ]);
  });
});

it.each([
  ['41 (nginx) S 40 ', { name: 'nginx', parentPid: 40, startTicks: 777, isOver: false, threads: 0 }],
  ['41 (a) b (c)) R 1 ', { name: 'a) b (c)', parentPid: 1, startTicks: 777, isOver: false, threads: 0 }],
])('reads %s', (beginning, expected) => {
  expect(parseStat(`${beginning}${'0 '.repeat(17)}777 0`)).toEqual(expected);
});

it.each(['', '41', '41 (nginx', '41 (nginx) S'])('gives nothing for the broken line %j', (text) => {
  expect(parseStat(text)).toBeUndefined();
});

it('gives the distinct cgroup paths of every hierarchy', () => {
  expect(parseCgroups('9:name=systemd:/a\n4:memory:/b:c\n2:cpu,cpuacct:/a\n0::/\nnonsense\n')).toEqual([
    '/a',
    '/b:c',
    '/',
  ]);
});

it.each([
  ['/', [], ['rw', 'relatime', 'rw', 'errors=remount-ro']],
  ['a mount of its own', ['30 1 0:26 / /tmp rw,noexec - tmpfs tmpfs rw,size=9k'], ['rw', 'noexec', 'rw', 'size=9k']],
  [
    'the last of several at one place',
    ['30 1 0:26 / /tmp rw,noexec - tmpfs tmpfs rw', '31 30 0:27 / /tmp rw master:3 - tmpfs tmpfs rw'],
    ['rw', 'rw'],
  ],
  ['no neighbour', ['30 1 0:26 / /tmpfiles ro - tmpfs tmpfs rw'], ['rw', 'relatime', 'rw', 'errors=remount-ro']],
])('tells how /tmp is mounted: by %s', (_, lines, options) => {
  const root = '1 0 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw,errors=remount-ro';
  expect(mountOptions([root, ...lines, ''].join('\n'), '/tmp')).toEqual(options);
});

it('knows nothing of mounts that are not told', () => {
  expect(mountOptions('', '/tmp')).toEqual([]);
});

describe('parseTcpTable', () => {
  const rows = (...lines: readonly string[]) => parseTcpTable(['  sl  local_address rem_address', ...lines].join('\n'));

  it('reads IPv4, the port in network order and the address as a little-endian word', () => {
    expect(rows(tcpRow('0100007F:1F90', '0200A8C0:C001', { inode: 42, state: ESTABLISHED }))).toEqual([
      { inode: '42', local: '127.0.0.1:8080', remote: '192.168.0.2:49153', localPort: 8080, listening: false },
    ]);
  });

  it.each([
    ['00000000000000000000000000000000', '[::]:443'],
    ['00000000000000000000000001000000', '[::1]:443'],
    ['B80D0120000000000000000001000000', '[2001:db8::1]:443'],
    ['B80D0120000000000100000000000000', '[2001:db8::1:0:0]:443'],
    ['B80D0120010000000000010002000000', '[2001:db8:0:1:1::2]:443'],
    ['B80D0120010000000100010001000100', '[2001:db8:0:1:1:1:1:1]:443'],
    ['0000000000000000FFFF00000100007F', '127.0.0.1:443'],
  ])('reads the IPv6 address %s as %s', (hex, text) => {
    const [socket] = rows(tcpRow(`${hex}:01BB`, `${'0'.repeat(32)}:0000`, { inode: 1, state: LISTEN }));
    expect(socket).toMatchObject({ local: text, listening: true });
  });

  it('passes over rows it cannot read', () => {
    expect(rows('', '  1: nonsense', '  2: 0100007F:1F90 00000000:0000')).toEqual([]);
  });
});
