/** The HTTP parser that undici carries: that it is there, that it is the one we know, and that it is passed lengths. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { flagBits, Llhttp, type LlhttpListener, stops } from '../../../../../recorder/parse/http1/llhttp';

const root = join(__dirname, '../../../../..');

/** Notes bodies by length, and the ends of messages. */
class Lengths implements LlhttpListener {
  body = 0;
  messages = 0;
  onMessageBegin = (): number => 0;
  onUrl = (): number => 0;
  onStatus = (): number => 0;
  onHeaderField = (): number => 0;
  onHeaderValue = (): number => 0;
  onHeadersComplete = (): number => 0;
  onBody(_at: number, length: number): number {
    this.body += length;
    return 0;
  }
  onMessageComplete(): number {
    this.messages++;
    return 0;
  }
}

function feed(parser: Llhttp, text: string): number {
  const bytes = Buffer.from(text);
  return parser.execute(bytes, 0, bytes.length);
}

it('is the build of the undici that package.json pins', () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: { undici: string };
  };
  const { version } = require('undici/package.json') as { version: string };
  expect(version).toBe('8.12.4');
  expect(dependencies.undici).toBe(version);
});

it('passes bodies by their length, far beyond the address space, and goes on behind them', () => {
  const lengths = new Lengths();
  const parser = new Llhttp(lengths, 'request', []);
  expect(feed(parser, 'POST / HTTP/1.1\r\nContent-Length: 12884901888\r\n\r\n')).toBe(stops.none);
  expect([parser.remaining, parser.flags & flagBits.contentLength]).toEqual([12884901888, flagBits.contentLength]);
  expect(parser.skim(0, 12884901000)).toBe(stops.none);
  expect([parser.remaining, lengths.messages]).toEqual([888, 0]);
  expect(parser.skim(0, 888)).toBe(stops.none);
  expect([lengths.body, lengths.messages]).toEqual([12884901888, 1]);
  feed(parser, 'GET / HTTP/1.1\r\n\r\n');
  expect(lengths.messages).toBe(2);
  parser.free();
});

it('reads more than one buffer full in one go', () => {
  const lengths = new Lengths();
  const parser = new Llhttp(lengths, 'request', []);
  const size = 300_000;
  expect(
    feed(parser, `POST / HTTP/1.1\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}GET / HTTP/1.1\r\n\r\n`),
  ).toBe(0);
  expect([lengths.body, lengths.messages]).toEqual([size, 2]);
  parser.free();
});

it('begins anew after an error, and knows where it was', () => {
  const lengths = new Lengths();
  const parser = new Llhttp(lengths, 'request', ['headers']);
  expect(feed(parser, 'GET / HTTP/9.9\r\n\r\n')).not.toBe(stops.none);
  expect(parser.stoppedAt).toBe(14);
  parser.reset();
  expect(feed(parser, 'GET / HTTP/1.1\r\nX: 1\r\n folded\r\n\r\n')).toBe(stops.none);
  expect(lengths.messages).toBe(1);
  parser.free();
});

it('gives parsers back: a hundred thousand connections need the memory of one', () => {
  const { parsers: Parser, memoryBytes } = freshInstance();
  const parsers = (): Llhttp[] => Array.from({ length: 100 }, () => new Parser(new Lengths(), 'response', []));
  for (const parser of parsers()) parser.free();
  const before = memoryBytes();
  for (let i = 0; i < 1000; i++) for (const parser of parsers()) parser.free();
  expect(memoryBytes()).toBe(before);
  const kept = Array.from({ length: 1000 }, parsers).flat(); // without being given back they would need far more
  expect(memoryBytes()).toBeGreaterThan(before + 1_000_000);
  for (const parser of kept) parser.free();
  const one = new Parser(new Lengths(), 'response', []);
  expect(feed(one, 'HTTP/1.1 204 OK\r\n\r\n')).toBe(stops.none);
  one.free();
  one.free(); // twice does no harm
});

/** The module once more, with a look at the memory of its instance. */
function freshInstance(): { parsers: typeof Llhttp; memoryBytes(): number } {
  interface Instance {
    readonly exports: { readonly memory: { readonly buffer: ArrayBuffer } };
  }
  const { WebAssembly } = globalThis as unknown as { WebAssembly: { Instance: new (...all: unknown[]) => Instance } };
  const Real = WebAssembly.Instance;
  let seen: Instance | undefined;
  WebAssembly.Instance = class extends Real {
    constructor(...all: unknown[]) {
      super(...all);
      seen = this;
    }
  };
  try {
    let parsers: typeof Llhttp | undefined;
    jest.isolateModules(() => {
      parsers = (require('../../../../../recorder/parse/http1/llhttp') as { Llhttp: typeof Llhttp }).Llhttp;
    });
    if (parsers === undefined) throw new Error('the module was not loaded');
    new parsers(new Lengths(), 'response', []).free(); // the instance is made on first use
    return { parsers, memoryBytes: () => seen?.exports.memory.buffer.byteLength ?? 0 };
  } finally {
    WebAssembly.Instance = Real;
  }
}
