/**
 * The addon's header decoder on the stories of http2jp/hpack-test-case, which lie beside the checkout: every block as it
 * was encoded, also cut into fragments, and joined late: then a field is right, or said to be missing, never guessed.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHeaderInflater } from '../../native/binding';
import { Budget } from '../../recorder/follow/budget';
import { HeaderTable } from '../../recorder/parse/http2/header-table';
import { problemBits } from '../../recorder/parse/problems';
import type { HeaderList } from '../../tape/model/body';
import { seededRandom } from '../support/seeded-random';

const corpus = join(__dirname, '../../../shared/corpora/hpack');

interface Story {
  readonly cases: readonly {
    readonly wire: string;
    readonly headers: readonly Readonly<Record<string, string>>[];
    readonly header_table_size?: number | null;
  }[];
}

interface Block {
  readonly wire: Buffer;
  readonly fields: HeaderList;
  readonly tableBytes: number;
}

function blocksOf(encoder: string, story: string): readonly Block[] {
  const { cases } = JSON.parse(readFileSync(join(corpus, encoder, story), 'utf8')) as Story;
  return cases.map(({ wire, headers, header_table_size: size }) => ({
    wire: Buffer.from(wire, 'hex'),
    fields: headers.map((field) => Object.entries(field)[0] as [string, string]),
    tableBytes: size ?? 0,
  }));
}

function tableThat(missed: number): HeaderTable {
  return new HeaderTable(createHeaderInflater, new Budget(1 << 30), 1 << 20, missed);
}

const encoders = ['nghttp2', 'go-hpack', 'node-http2-hpack'];
const stories = existsSync(corpus)
  ? encoders.flatMap((encoder) => readdirSync(join(corpus, encoder)).map((story) => [encoder, story] as const))
  : [];
const describeCorpus =
  stories.length > 0
    ? describe
    : (name: string, tests: () => void) => describe.skip(`${name} [needs ${corpus}, which is not there]`, tests);

describeCorpus('the stories of hpack-test-case', () => {
  it('are there', () => {
    expect(stories).toHaveLength(36);
  });

  it.each(stories)('%s %s are decoded, whole and in fragments of any size', (encoder, story) => {
    const random = seededRandom(`${encoder} ${story}`);
    const [whole, cut] = [tableThat(0), tableThat(0)];
    for (const { wire, fields, tableBytes } of blocksOf(encoder, story)) {
      for (const table of [whole, cut]) table.allow(tableBytes);
      whole.feed(wire, true);
      expect(whole.finish()).toEqual({ fields, problems: 0 });
      for (let at = 0; at < wire.length; ) {
        const end = at + 1 + Math.floor(random() * 9);
        cut.feed(wire.subarray(at, end), false);
        at = end;
      }
      expect(cut.finish()).toEqual({ fields, problems: 0 });
    }
  });

  it('joined late, or with a block missing, never give out a field that was not sent', () => {
    const doubt = problemBits['started-mid-stream'];
    const counts = { whole: 0, marked: 0 };
    for (const [encoder, story] of stories) {
      const blocks = blocksOf(encoder, story);
      for (let start = 1; start < blocks.length; start++) {
        const table = tableThat(doubt);
        for (const { wire, fields, tableBytes } of blocks.slice(start)) {
          table.allow(tableBytes);
          table.feed(wire, true);
          const block = table.finish();
          counts[block.problems === 0 ? 'whole' : 'marked']++;
          if (block.problems === 0) expect(block.fields).toEqual(fields);
          else expect(isPartOf(block.fields, fields)).toBe(true);
        }
      }
    }
    expect(counts.whole).toBeGreaterThan(counts.marked / 4);
    expect(counts.marked).toBeGreaterThan(0);
  });
});

/** In the same order, with none that is not there. */
function isPartOf(some: HeaderList, all: HeaderList): boolean {
  let at = 0;
  for (const [name, value] of some) {
    while (at < all.length && (all[at]?.[0] !== name || all[at]?.[1] !== value)) at++;
    if (at++ >= all.length) return false;
  }
  return true;
}

describe('a header decoder', () => {
  const newDecoder = () => createHeaderInflater();

  it('says which fields are to be in no table, and how large the table may be', () => {
    const block = Buffer.concat([Buffer.from([0x82, 0x10, 1]), Buffer.from('a'), Buffer.from([1]), Buffer.from('b')]);
    expect(newDecoder().inflate(block, true, 1000)).toEqual({
      fields: [':method', 'GET', 'a', 'b'],
      neverIndexed: [1],
      size: 10 + 32 + 2 + 32,
      failed: false,
      tableBytes: 4096,
    });
    expect(newDecoder().inflate(Buffer.from([0x20, 0x82]), true, 1000).tableBytes).toBe(0);
  });

  it('gives out no more than it is told to, and counts all', () => {
    const decoder = newDecoder();
    const { fields, size } = decoder.inflate(Buffer.from([0x82, 0x86, 0x84]), true, 45);
    expect([fields, size]).toEqual([[':method', 'GET'], 42 + 43 + 38]);
  });

  it.each([
    ['an index of nothing', [0xff, 0x80, 0x01]],
    ['the index 0', [0x80]],
    ['a table larger than allowed', [0x3f, 0xff, 0x7f]],
    ['a string that ends early', [0x40, 5, 65]],
  ])('fails for good on %s', (_what, bytes) => {
    const decoder = newDecoder();
    expect(decoder.inflate(Buffer.from(bytes), true, 1000).failed).toBe(true);
    expect(decoder.inflate(Buffer.from([0x82]), true, 1000).failed).toBe(true);
  });

  it('decodes nothing once it is closed', () => {
    const decoder = newDecoder();
    decoder.close();
    decoder.close();
    expect(decoder.inflate(Buffer.from([0x82]), true, 1000).failed).toBe(true);
  });
});
