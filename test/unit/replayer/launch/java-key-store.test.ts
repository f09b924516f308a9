/** That Java trusts it is shown by a build in Java, in the tests of the sandbox. Here is the form. */
import { createHash } from 'node:crypto';
import { javaKeyStore } from '../../../../replayer/launch/trust/java-key-store';
import { always, createAuthority } from '../../../../replayer/mocks/front/certificates';

it('holds each certificate, and a digest that ties it to the password', () => {
  const { certificate } = createAuthority({ valid: always });
  const store = javaKeyStore(`# about\n${certificate}\nbetween\n${certificate}`);
  expect([store.readUInt32BE(0), store.readUInt32BE(4), store.readUInt32BE(8)]).toEqual([0xfeedfeed, 2, 2]);
  const der = Buffer.from(certificate.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  expect(store.indexOf(der)).toBeGreaterThan(0);
  expect(store.lastIndexOf(der)).toBeGreaterThan(store.indexOf(der));
  const body = store.subarray(0, -20);
  const password = Buffer.from('\0c\0h\0a\0n\0g\0e\0i\0t', 'latin1');
  const digest = createHash('sha1').update(password).update('Mighty Aphrodite').update(body).digest();
  expect(store.subarray(-20).equals(digest)).toBe(true);
});
