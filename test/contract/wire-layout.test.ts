/**
 * bpf/wire.h is read by C, C++ and TypeScript. The addon tells the C++ compiler's view; the TypeScript twin must agree
 * field by field, and name every number of the header's enums alike.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { wireLayout as builtLayout } from '../../native/binding';
import {
  WIRE_VERSION,
  wireBinding,
  wireDirection,
  wireFlag,
  wireLayer,
  wireLayout,
  wireLibrary,
  wireReason,
  wireRole,
  wireTold,
  wireType,
} from '../../recorder/source/ebpf/decode/wire';

const root = join(__dirname, '../..');
const header = readFileSync(join(root, 'bpf/wire.h'), 'utf8');
const isBuilt = existsSync(join(root, 'dist/wiretape.node'));

/** `WIRE_TLS_BIND = 4` and `#define WIRE_VERSION 1` of the header. */
function numbersOfHeader(): ReadonlyMap<string, number> {
  const pairs = [...header.matchAll(/\b(WIRE_\w+)\s*=\s*(\d+)|#define\s+(WIRE_\w+)\s+(0x[0-9a-f]+|\d+)/g)];
  return new Map(pairs.map(([, name, value, constant, text]) => [name ?? constant ?? '', Number(value ?? text)]));
}

function shouted(names: Record<string, number>, prefix = ''): Record<string, number> {
  return Object.fromEntries(
    Object.entries(names).map(([name, value]) => [
      `WIRE_${prefix}${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`,
      value,
    ]),
  );
}

(isBuilt ? it : it.skip)('lays every field where the compiler of the addon lays it', () => {
  expect(builtLayout()).toEqual(wireLayout);
});

it('gives every number of the header the same meaning', () => {
  const twins = {
    WIRE_VERSION,
    ...shouted(wireType),
    ...shouted(wireDirection),
    ...shouted(wireLayer),
    ...shouted(wireRole, 'ROLE_'),
    ...shouted(wireReason),
    ...shouted(wireBinding, 'BOUND_'),
    ...shouted(wireFlag),
    ...shouted(wireTold, 'TOLD_'),
    ...shouted(wireLibrary),
  };
  // WIRE_WIRETAPE_H guards the file and has no value
  const numbers = Object.fromEntries([...numbersOfHeader()].filter(([name]) => name !== 'WIRE_TLS'));
  const { WIRE_TLS: layerTls, ...others } = twins as Record<string, number>;
  expect(others).toEqual(numbers);
  expect(layerTls).toBe(numbersOfHeader().get('WIRE_TLS'));
});
