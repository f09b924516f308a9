import { isPrivateGroup } from '../../../../tape/store/trust';

const passwd =
  'root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\nbob:x:1001:1001::/:/bin/sh\neve:x:1002:50::/:/bin/sh\n';
const group =
  'root:x:0:\nada:x:1000:\nbob:x:1001:eve\nstaff:x:50:\ndev:x:60:ada,bob\nsolo:x:70:ada\nempty:x:80:\nldap:x:90:ada,someone-else\n';

it.each([
  ['her own, of which she is the only member', 1000, 1000, true],
  ['his own, which another was let into', 1001, 1001, false],
  ['one of two', 1000, 60, false],
  ['one whose only named member she is', 1000, 70, true],
  ['the primary group of somebody else', 1000, 50, false],
  ['one that nobody is in', 1000, 80, false],
  ['one with a member whom the files do not know', 1000, 90, false],
  ['one that the files do not know', 1000, 4711, false],
  ['that of root', 0, 0, true],
])('a group is private only where the owner is its only member: %s', (_what, uid, gid, expected) => {
  expect(isPrivateGroup({ uid, gid }, { passwd, group })).toBe(expected);
});
