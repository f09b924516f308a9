/**
 * llhttp, the HTTP/1 parser of Node.js, as the WebAssembly build that undici carries; the only file that knows where it
 * is. One instance serves every connection: a parser object is 60 bytes of its memory, and bytes are fed through one
 * buffer. Refuses to know what a message is, to keep bytes, and to run one parser inside the callback of another.
 */
import { WiretapeError } from '../../../errors/wiretape-error';

/** Told what llhttp finds. `at` is an offset into the bytes given to `execute`. Returns are llhttp's error numbers: 0 goes on. */
export interface LlhttpListener {
  onMessageBegin(): number;
  /** The request target, perhaps in pieces. */
  onUrl(at: number, length: number): number;
  /** The reason phrase, perhaps in pieces. */
  onStatus(at: number, length: number): number;
  onHeaderField(at: number, length: number): number;
  /** Called for an empty value too; a folded value comes in pieces without its line ends. */
  onHeaderValue(at: number, length: number): number;
  /** 0: as the headers say; 1: no body; 2: no body, and another protocol follows; 3: refuse the message. */
  onHeadersComplete(status: number, upgrade: boolean): number;
  onBody(at: number, length: number): number;
  onMessageComplete(): number;
}

/** Names as in `llhttp_set_lenient_*`. */
export type Leniency =
  | 'headers'
  | 'chunked_length'
  | 'keep_alive'
  | 'transfer_encoding'
  | 'version'
  | 'data_after_close'
  | 'optional_lf_after_cr'
  | 'optional_crlf_after_chunk'
  | 'optional_cr_before_lf'
  | 'spaces_after_chunk_size';

/** Error numbers of llhttp that are not errors of the input. */
export const stops = { none: 0, paused: 21, upgrade: 22 } as const;

/** What llhttp calls a line end that is none: HPE_STRICT. */
export const badLineEnd = 2;

/** `flags` of a parser while it reads a message. */
export const flagBits = { chunked: 1 << 3, contentLength: 1 << 5, transferEncoding: 1 << 9 } as const;

interface LlhttpExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  _initialize(): void;
  malloc(size: number): number;
  llhttp_alloc(type: number): number;
  llhttp_free(parser: number): void;
  llhttp_execute(parser: number, data: number, length: number): number;
  llhttp_finish(parser: number): number;
  llhttp_reset(parser: number): void;
  llhttp_resume(parser: number): void;
  llhttp_resume_after_upgrade(parser: number): void;
  llhttp_get_error_pos(parser: number): number;
  llhttp_message_needs_eof(parser: number): number;
}
type LenientSetters = { readonly [K in Leniency as `llhttp_set_lenient_${K}`]: (parser: number, on: number) => void };

// The types of Node.js leave WebAssembly to the DOM library, which a server has no use for.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: LlhttpExports & LenientSetters };
};

/** One execute takes at most this much: the buffer stays small, and memory never grows but for parser objects. */
const bufferBytes = 64 * 1024;
/** A body that llhttp only counts is passed by length; far below 2^32, the address space of the instance. */
const longestSkim = 1 << 30;
/** Offsets into `struct llhttp__internal_s`, as wasm32 lays it out; `checkLayout` holds them to the build at hand. */
const layout = { contentLength: 32, method: 41, major: 42, minor: 43, flags: 50 } as const;

let wasm: (LlhttpExports & LenientSetters) | null = null;
let memory: Uint8Array = new Uint8Array(0);
let words: DataView = new DataView(memory.buffer);
let buffer = 0;
/** The listener of the parser that runs, and what turns an address into an offset for it. */
let active: LlhttpListener | null = null;
let origin = 0;

const imports = {
  env: {
    wasm_on_message_begin: () => active?.onMessageBegin() ?? 0,
    wasm_on_url: (_parser: number, at: number, length: number) => active?.onUrl(at - origin, length) ?? 0,
    wasm_on_status: (_parser: number, at: number, length: number) => active?.onStatus(at - origin, length) ?? 0,
    wasm_on_header_field: (_parser: number, at: number, length: number) =>
      active?.onHeaderField(at - origin, length) ?? 0,
    wasm_on_header_value: (_parser: number, at: number, length: number) =>
      active?.onHeaderValue(at - origin, length) ?? 0,
    wasm_on_headers_complete: (_parser: number, status: number, upgrade: number) =>
      active?.onHeadersComplete(status, upgrade === 1) ?? 0,
    wasm_on_body: (_parser: number, at: number, length: number) => active?.onBody(at - origin, length) ?? 0,
    wasm_on_message_complete: () => active?.onMessageComplete() ?? 0,
  },
};

/** One parser, for one direction of one connection. `free` it: its memory is not garbage-collected. */
export class Llhttp {
  /** Where the last `execute` or `skim` stopped: the offset of the first byte that was not consumed. */
  stoppedAt = 0;
  private pointer: number;

  constructor(
    private readonly listener: LlhttpListener,
    type: 'request' | 'response',
    leniencies: readonly Leniency[],
  ) {
    this.pointer = instance().llhttp_alloc(type === 'request' ? 1 : 2);
    refreshViews();
    for (const leniency of leniencies) instance()[`llhttp_set_lenient_${leniency}`](this.pointer, 1);
  }

  /** Feeds bytes[start, end). Returns llhttp's error number; `stoppedAt` says how far it came. */
  execute(bytes: Uint8Array, start: number, end: number): number {
    active = this.listener;
    try {
      for (let at = start; at < end; at += bufferBytes) {
        const stop = Math.min(at + bufferBytes, end);
        memory.set(at === 0 && stop === bytes.length ? bytes : bytes.subarray(at, stop), buffer);
        const error = this.run(at, stop);
        if (error !== 0) return error;
      }
      this.stoppedAt = end;
      return stops.none;
    } finally {
      active = null;
    }
  }

  /** Passes body bytes by their length alone. Only for at most `remaining` bytes of a body: llhttp does not look at those. */
  skim(start: number, end: number): number {
    active = this.listener;
    try {
      for (let at = start; at < end; at += longestSkim) {
        const error = this.run(at, Math.min(at + longestSkim, end));
        if (error !== 0) return error;
      }
      this.stoppedAt = end;
      return stops.none;
    } finally {
      active = null;
    }
  }

  /** Tells that the stream ended. Not 0 where a message is cut short. */
  finish(): number {
    active = this.listener;
    try {
      return instance().llhttp_finish(this.pointer);
    } finally {
      active = null;
    }
  }

  /** Begins anew, at a place where a message may begin. */
  reset(): void {
    instance().llhttp_reset(this.pointer);
  }

  resume(): void {
    instance().llhttp_resume(this.pointer);
  }

  resumeAfterUpgrade(): void {
    instance().llhttp_resume_after_upgrade(this.pointer);
  }

  free(): void {
    if (this.pointer !== 0) instance().llhttp_free(this.pointer);
    this.pointer = 0;
  }

  /** The number of the method, an index of `methodNames`. */
  get method(): number {
    return memory[this.pointer + layout.method] ?? 0;
  }

  get majorVersion(): number {
    return memory[this.pointer + layout.major] ?? 0;
  }

  get minorVersion(): number {
    return memory[this.pointer + layout.minor] ?? 0;
  }

  get flags(): number {
    return words.getUint16(this.pointer + layout.flags, true);
  }

  /** Body bytes still to come: of the message where it has a Content-Length, of the chunk where it is chunked. */
  get remaining(): number {
    const at = this.pointer + layout.contentLength;
    return words.getUint32(at + 4, true) * 2 ** 32 + words.getUint32(at, true);
  }

  /** True where only the end of the connection ends the message. */
  get needsEnd(): boolean {
    return instance().llhttp_message_needs_eof(this.pointer) === 1;
  }

  private run(at: number, stop: number): number {
    origin = buffer - at;
    const error = instance().llhttp_execute(this.pointer, buffer, stop - at);
    if (error !== 0) this.stoppedAt = instance().llhttp_get_error_pos(this.pointer) - origin;
    return error;
  }
}

/** Method names by llhttp's number. */
export const methodNames: readonly string[] = namesByNumber();

function namesByNumber(): readonly string[] {
  const { METHODS } = require('undici/lib/llhttp/constants.js') as { METHODS: Readonly<Record<string, number>> };
  const names: string[] = [];
  for (const [name, number] of Object.entries(METHODS)) names[number] = name;
  return names;
}

function instance(): LlhttpExports & LenientSetters {
  wasm ??= instantiate();
  return wasm;
}

function instantiate(): LlhttpExports & LenientSetters {
  const { exports } = new WebAssembly.Instance(compile(), imports);
  exports._initialize();
  buffer = exports.malloc(bufferBytes);
  wasm = exports;
  refreshViews();
  checkLayout();
  return exports;
}

function compile(): object {
  try {
    return new WebAssembly.Module(require('undici/lib/llhttp/llhttp_simd-wasm.js') as Uint8Array);
  } catch {
    // A processor without the vector instructions; the plain build says the same, slower.
    return new WebAssembly.Module(require('undici/lib/llhttp/llhttp-wasm.js') as Uint8Array);
  }
}

/** Memory that grew has a new buffer; views of the old one read nothing. */
function refreshViews(): void {
  const current = instance().memory.buffer;
  if (memory.buffer === current) return;
  memory = new Uint8Array(current);
  words = new DataView(current);
}

const probe = Buffer.from('PATCH / HTTP/1.0\r\nContent-Length: 4886718345\r\n\r\n', 'latin1');
const deaf: LlhttpListener = {
  onMessageBegin: () => 0,
  onUrl: () => 0,
  onStatus: () => 0,
  onHeaderField: () => 0,
  onHeaderValue: () => 0,
  onHeadersComplete: () => 0,
  onBody: () => 0,
  onMessageComplete: () => 0,
};

/** Throws where the fields are elsewhere: reading on would give wrong messages that look right. */
function checkLayout(): void {
  const parser = new Llhttp(deaf, 'request', []);
  parser.execute(probe, 0, probe.length);
  const { remaining, majorVersion, minorVersion, flags, method } = parser;
  parser.free();
  const right =
    remaining === 4886718345 && majorVersion === 1 && minorVersion === 0 && flags === flagBits.contentLength;
  if (right && methodNames[method] === 'PATCH') return;
  throw new WiretapeError(
    'INTERNAL',
    'Cannot use the HTTP parser in undici: it is another build than the one expected',
    {
      remedy: 'Reinstall wiretape with the version of undici its package.json names',
    },
  );
}
