/**
 * A request and its response as applications look at them: each body decoded and parsed at most once, and only when a
 * member asks for it. Bounded: of a body that is longer than `longestBodyBytes` nothing is read.
 */
import { decodeBody } from '../../../body/coding';
import { isJsonType, type MediaType, mediaTypeOf } from '../../../body/media-type';
import { type JsonValue, parseJson } from '../../../json/json';
import { type Body, noBytes } from '../../body';
import type { HttpRequest, HttpResponse } from '../http';

/** Longer requests are uploads, longer answers exports. */
const longestBodyBytes = 1024 * 1024;

/** One of the two messages. */
export class MessageReading {
  private media: MediaType | undefined;
  private decoded: Buffer | undefined;
  private parsed: { readonly json: JsonValue | undefined } | undefined;

  constructor(private readonly message: HttpRequest | HttpResponse) {}

  get type(): MediaType {
    this.media ??= mediaTypeOf(this.message.headers);
    return this.media;
  }

  get headers() {
    return this.message.headers;
  }

  /** The decoded body; empty where there is none, or one too long. */
  get bytes(): Buffer {
    this.decoded ??= decodedBytes(this.message.body);
    return this.decoded;
  }

  get isJson(): boolean {
    return isJsonType(this.type.essence);
  }

  /** Undefined where the body is no JSON, whatever it is called. */
  get json(): JsonValue | undefined {
    this.parsed ??= { json: parseJson(this.text) };
    return this.parsed.json;
  }

  get text(): string {
    return this.bytes.toString('utf8');
  }

  /**
   * Whether those bytes are anywhere in the body: what tells cheaply that it need not be parsed. Cheapest where the first
   * one is rare: in JSON a quotation mark is not.
   */
  holds(needle: Buffer): boolean {
    return this.bytes.includes(needle);
  }
}

export class HttpReading {
  private asking: MessageReading | undefined;
  private answering: MessageReading | null | undefined;

  constructor(
    readonly request: HttpRequest,
    readonly response: HttpResponse | null,
  ) {}

  get asked(): MessageReading {
    this.asking ??= new MessageReading(this.request);
    return this.asking;
  }

  get answer(): MessageReading | null {
    if (this.answering === undefined)
      this.answering = this.response === null ? null : new MessageReading(this.response);
    return this.answering;
  }

  /** The status of HTTP, as a list shows it; null without a response. */
  get status(): string | null {
    return this.response === null ? null : String(this.response.status);
  }
}

function decodedBytes(body: Body): Buffer {
  if (body.bytes.length === 0 || body.bytes.length > longestBodyBytes) return Buffer.from(noBytes);
  if (body.codings.length === 0) return bufferOver(body.bytes);
  const { bytes, problem } = decodeBody(body, longestBodyBytes);
  return bufferOver(problem === null ? bytes : noBytes);
}

function bufferOver(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
