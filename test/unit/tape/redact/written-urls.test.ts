/** URLs in every way they are written: without a host, one in another, encoded in part or more than once, several in one field. */
import { createRedactor } from '../../../../tape/redact/redactor';
import { expectLinear, KiB, repeat } from '../../../support/linear';
import { bodyMarked, headerMarked, marked, targetMarked } from '../../../support/redacting';
import { requestOf } from '../../../support/tapes';

const secret = 'tr0ub4dor9xqz7';
const filled = (template: string) => template.replaceAll('<>', secret);
const twice = (text: string) => encodeURIComponent(encodeURIComponent(text)).replaceAll('%253C%253E', '<>');

it.each([
  '/a;apikey=<>;n=1;token=<>',
  '/a;%74oken=<>/b',
  '/a/%74oken=<>',
  '/%74oken/<>',
  '/reset%2Dpassword/<>',
  '/proxy/https%3A%2F%2Fann%3A<>%40a.test%2Fx',
  '/x?next=%2Freset-password%2F<>',
  '/x?next=%2Fa%3Fcode%3D<>%26state%3D1',
  '/x?q=password%253D<>',
  `/x?next=${twice('https://a.test/?token=<>')}`,
  'ann:<>@a.test:443',
])('are read in a target: %s', (template) => {
  expect(targetMarked(filled(template))).toBe(template);
});

it.each([
  ['HX-Redirect', '/reset-password/<>'],
  ['HX-Push-Url', '/x?code=<>&state=1'],
  ['Link', '</a?n=1>; rel=prev, </b?code=<>&state=1>; rel=next'],
  ['Link', '</a?n=1>; rel=prev, </reset-password/<>>; rel=next'],
  ['X-Debug', 'n%3D1%26password%3D<>'],
  ['Host', 'ann:<>@a.test'],
  ['Grpc-Metadata-Authorization', 'Bearer <>'],
])('are read in a field: %s: %s', (name, template) => {
  expect(headerMarked(name, filled(template))).toBe(template);
});

it('are read in the authority of HTTP/2', () => {
  const { request, entries } = createRedactor({ key: Buffer.alloc(32, 7) }).redactRequest(
    requestOf({ authority: `ann:${secret}@a.test` }),
  );
  expect(marked(request.authority ?? '', entries)).toBe('ann:<>@a.test');
  expect(entries.map(({ path, rule }) => [path, rule])).toEqual([['header["host"]', 'url-password']]);
});

it('are read in a field of a form', () => {
  expect(bodyMarked('application/x-www-form-urlencoded', `a=1&next=%2Fmagic-link%2F${secret}`)).toBe(
    'a=1&next=%2Fmagic-link%2F<>',
  );
});

it.each(['/orders/7?page=2', '/assets/app-3f9d2c81b7.js', '/a;v=1/b', '/x?next=%2Forders%2F7', '/50%25/off'])(
  'stay where they hold no secret: %s',
  (target) => {
    expect(targetMarked(target)).toBe(target);
    expect(headerMarked('X-Next', target)).toBe(target);
  },
);

it.each(['%70', '%2Fa', '%25', '/%74oken', ';token=a1b2c3', 'password%253D'])('take linear time: %s', (unit) => {
  expectLinear(
    (size) => ({
      target: `/${repeat(unit, size)}`,
      body: `see ${repeat(unit, size)}`,
      type: 'text/plain',
      headers: [['X-A', repeat(unit, size / 8)]],
    }),
    8 * KiB,
    64 * KiB,
  );
});
