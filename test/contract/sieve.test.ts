/** The cheap look with the addon's sieve says of every text what it says without: that is all the sieve may be known by. */
import { makeSieve, textOf } from '../../native/binding';
import { createDetection } from '../../tape/redact/detection';
import { patterns } from '../../tape/redact/patterns';
import { shapeOf } from '../../tape/redact/shape';
import { randomFrom } from '../support/secrets';
import { textOf as drawn } from '../support/shapes';

const plain = createDetection();
const sifting = createDetection({ textOf, makeSieve });

function bothSay(bytes: Buffer): boolean {
  const said = plain.isSuspicious(bytes);
  if (sifting.isSuspicious(bytes) !== said)
    throw new Error(`${said ? 'only' : 'not'} without the sieve: ${bytes.toString('base64')}`);
  return said;
}

const telling = [
  'password',
  'apiKey',
  '"p": "',
  'Bearer ',
  'basic ',
  'https://hooks.slack.com/services/',
  'webhookb2',
  '-----BEGIN ',
  'curl -u',
  'identified',
  'private-lines',
  '4111111111111111',
  '3782 822463 10005',
  'http://user:hidden@host/',
  String.raw`http:\/\/user:hidden@host`,
  'Your code: 123456',
  '"kty": "RSA", "d": "X4cTteJY"',
  'login $p',
  'пароль',
  'contraseña',
];
const innocent = [
  '{"id":17,"name":"willow"}',
  ' company price currency hips keypad ',
  'https://shop.example/orders/4711',
  '2026-11-20T10:00:00.000Z',
  '0123456789',
  '  \n  ',
  '4711 4712 4713 4714',
  'a1B2c3D4e5F6a1B2c3D4e5F6a1B2c3D4',
  'größer',
  'жёлтый',
  '"":[]\\"&?=;',
  'xxxxxxxxxxxxxxxxxxxx',
];

describe('texts thrown together', () => {
  const random = randomFrom(41);
  const pick = (list: readonly string[]) => list[random(list.length)] ?? '';
  const shapes = patterns.map(({ prefix, rest }) => shapeOf(prefix + rest));
  const key = () => drawn(shapes[random(shapes.length)] ?? [], random, 'shortest');
  const filler = (least: number) => {
    let text = '';
    while (text.length < least) text += pick(innocent).slice(random(3));
    return text;
  };
  const texts = Array.from({ length: 4000 }, (_, i) => {
    const piece = [() => '', () => pick(telling), key, () => pick(telling).slice(random(4)), key][i % 5]?.() ?? '';
    return Buffer.from(filler(random(400)) + piece + filler(random(600)));
  });

  it('are suspicious with it where they are without it', () => {
    const suspicious = texts.filter(bothSay).length;
    expect(suspicious).toBeGreaterThan(500);
    expect(texts.length - suspicious).toBeGreaterThan(500);
  });

  it('are so wherever they end, and wherever they begin in a larger array', () => {
    const long = Buffer.from(`${filler(300)}${pick(telling)}${filler(50)}${key()}`);
    for (let i = 0; i < long.length; i++) {
      bothSay(long.subarray(0, i));
      bothSay(long.subarray(i));
    }
  });

  it('are so with any of their bytes changed', () => {
    let suspicious = 0;
    for (const text of texts.slice(0, 200)) {
      for (let k = 0; k < 20; k++) {
        const changed = Buffer.from(text);
        changed[random(changed.length)] = random(256);
        if (bothSay(changed)) suspicious++;
      }
    }
    expect(suspicious).toBeGreaterThan(100);
  });
});

it.each(telling)('sees %s at every place that it may begin at', (piece) => {
  for (let before = 250; before < 290; before++)
    for (const after of [0, 1, 2, 9, 40]) bothSay(Buffer.from(`${'.'.repeat(before)}${piece}${'.'.repeat(after)}`));
});

it.each([1, 2, 3].map((seed) => [seed]))('is right of bytes of chance (%d)', (seed) => {
  const random = randomFrom(seed);
  for (let i = 0; i < 300; i++) bothSay(Buffer.from(Array.from({ length: 256 + random(700) }, () => random(256))));
});

it('hides nothing behind more places than it has room for', () => {
  const many = 'hips keypad '.repeat(10_000);
  expect(bothSay(Buffer.from(many))).toBe(false);
  expect(bothSay(Buffer.from(`${many} password=`))).toBe(true);
});
