/** What every importer keeps to: it knows its own files, is refused others, and gives exchanges that a tape takes as they are. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImportFile } from '../../../tape/import/importer';
import { importerFor, importers } from '../../../tape/import/registry';
import { createRedactor } from '../../../tape/redact/redactor';
import { createMemoryTape } from '../../../tape/store/memory';
import { fileOf, imported } from '../../support/importing';
import { root } from '../../support/source-tree';
import { sessionStart } from '../../support/tapes';

/** A small file of each format, as its tool writes it. */
const samples: Readonly<Record<string, readonly ImportFile[]>> = {
  har: [sample('shop.har')],
  gor: [sample('shop.gor')],
  keploy: [sample('keploy/tests/test-1.yaml'), sample('keploy/mocks.yaml')],
};

function sample(name: string): ImportFile {
  return { path: name, bytes: readFileSync(join(root, 'fixtures/imports', name)) };
}

it('has a sample of each', () => {
  expect(Object.keys(samples)).toEqual(importers.map(({ name }) => name));
});

describe.each(importers.map((importer) => [importer.name, importer] as const))('%s', (name, importer) => {
  const files = samples[name] ?? [];
  const others = Object.entries(samples).flatMap(([other, each]) => (other === name ? [] : [each]));
  const withoutNames = files.map(({ path, bytes }) => ({ path: path.replace(/\.(har|gor)$/, ''), bytes }));

  it('is found for its files, by what they hold too', () => {
    expect(importerFor(files)).toBe(importer);
    expect(importerFor(withoutNames)).toBe(importer);
  });

  it('does not claim the files of others, nor what is nobody’s', () => {
    expect(others.filter((each) => importer.recognises(each))).toEqual([]);
    expect(importer.recognises([fileOf('notes.txt', 'Buy milk.')])).toBe(false);
    expect(importer.recognises([])).toBe(false);
  });

  it.each(['inbound', 'outbound'] as const)('tells exchanges from the %s side, or as the file says', (direction) => {
    const { exchanges } = imported(importer, files, direction);
    const found = new Set(exchanges.map(({ connection }) => connection.direction));
    expect([...found]).toEqual(importer.knowsDirection ? ['inbound', 'outbound'] : [direction]);
  });

  it('numbers exchanges from 1 in the order they began, and none is caused by what is not there', () => {
    const { exchanges } = imported(importer, files);
    const times = exchanges.map(({ startedAtUs }) => startedAtUs);
    expect(exchanges.length).toBeGreaterThan(1);
    expect(exchanges.map(({ number }) => number)).toEqual(exchanges.map((_, i) => i + 1));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    for (const { cause } of exchanges)
      if (cause !== null) expect(exchanges[cause.number - 1]?.connection.direction).toBe('inbound');
  });

  it('gives what a tape takes, and gives back as it was', async () => {
    const { exchanges } = imported(importer, files);
    const { writer, openReader } = createMemoryTape();
    const session = writer.beginSession(sessionStart);
    const redactor = createRedactor({ key: null });
    writer.append(
      session,
      exchanges.map((exchange) => redactor.redact(exchange)),
    );
    const back = (await Array.fromAsync(openReader().exchanges())).map(({ exchange }) => exchange);
    expect(back.map(({ startedAtUs, durationUs }) => [startedAtUs, durationUs])).toEqual(
      exchanges.map(({ startedAtUs, durationUs }) => [startedAtUs, durationUs]),
    );
    expect(back.every(({ connection }) => connection.process === null)).toBe(true);
  });

  it('takes out the secrets like a recording', () => {
    const { exchanges } = imported(importer, files);
    const redactor = createRedactor({ key: null });
    const redacted = exchanges.map((exchange) => redactor.redact(exchange));
    expect(JSON.stringify(exchanges)).toContain('hunter2-sesame');
    expect(JSON.stringify(redacted)).not.toContain('hunter2-sesame');
  });

  it('reads the same file to the same exchanges', () => {
    expect(imported(importer, files)).toEqual(imported(importer, files));
  });

  it('ends with an error of its own, or with exchanges, wherever the file is cut', () => {
    for (const file of files) {
      const step = Math.max(1, Math.floor(file.bytes.length / 200));
      for (let end = 0; end < file.bytes.length; end += step) {
        const cut = files.map((each) => (each === file ? { ...each, bytes: each.bytes.subarray(0, end) } : each));
        try {
          imported(importer, cut);
        } catch (error) {
          expect(error).toMatchObject({ code: 'IMPORT_UNREADABLE' });
        }
      }
    }
  });
});
