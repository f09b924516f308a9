import { hostsFile, nameServiceFile } from '../../../../replayer/sandbox/files';
import { socketPaths } from '../../../../replayer/sandbox/unix-sockets';

const names = new Map([['payments', { v4: '198.18.0.1', v6: '2001:db8:1::1' }]]);

it('names the tape, the machine itself, and nobody else', () => {
  const machines = '127.0.0.1\tlocalhost api.local # me\n10.0.0.1 db\n127.0.1.1 laptop\n10.0.0.2 payments\n';
  expect(hostsFile(machines, names, 'laptop').split('\n')).toEqual([
    '127.0.0.1 localhost',
    '::1 localhost',
    '198.18.0.1 payments',
    '2001:db8:1::1 payments',
    '127.0.0.1 api.local',
    '127.0.1.1 laptop',
    '',
  ]);
  expect(hostsFile('', new Map(), 'a1b2')).toContain('\n192.0.2.10 a1b2\n');
});

it('asks no daemon for hosts, and leaves users as they are found', () => {
  const machines = 'passwd: files systemd\nhosts:  mymachines resolve [!UNAVAIL=return] files dns\n';
  expect(nameServiceFile(machines)).toBe('passwd: files systemd\nhosts: files dns\n');
  expect(nameServiceFile('')).toBe('hosts: files dns\n');
});

it('reads sockets of the file system off the list of the kernel, each once', () => {
  const list = [
    'Num       RefCount Protocol Flags    Type St Inode Path',
    'ffff9a0: 00000002 00000000 00010000 0001 01 20133 /run/docker.sock',
    'ffff9a1: 00000002 00000000 00010000 0001 01 20134 @/tmp/.X11-unix/X0',
    'ffff9a2: 00000003 00000000 00000000 0001 03 20135 /run/docker.sock',
    'ffff9a3: 00000003 00000000 00000000 0001 03 20136',
    'ffff9a4: 00000002 00000000 00010000 0001 01 20137 /tmp/with space.sock',
    '',
  ];
  expect(socketPaths(list.join('\n'))).toEqual(['/run/docker.sock', '/tmp/with space.sock']);
});
