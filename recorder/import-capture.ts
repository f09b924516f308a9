/**
 * One import of a capture file: from its packets through the pipeline of every recording to exchanges without secrets.
 * Where they go is the caller's; nothing here knows of tapes or of the time of day.
 */
import type { GatheredFile } from '../tape/body/protobuf/gathered';
import type { Exchange } from '../tape/model/exchange';
import type { ExchangeFilter } from '../tape/model/filter';
import type { Redacted } from '../tape/redact/redacted';
import type { Redactor } from '../tape/redact/redactor';
import type { ConnectionEnd, Loss } from '../tape/store/tape';
import type { CreateHeaderDecoder } from './parse/header-decoder';
import { createPipeline, type PipelineStats } from './pipeline';
import { openPcapSource } from './source/pcap';

export interface CaptureImport {
  readonly direction: 'inbound' | 'outbound';
  /** The text of a key log; '' where there is none. */
  readonly keyLog: string;
  readonly filter: ExchangeFilter;
  readonly redactor: Redactor;
  /** Decodes the headers of HTTP/2. */
  readonly createHeaderDecoder: CreateHeaderDecoder;
  /** Descriptors that count before what servers tell, by the names of their files. */
  readonly protoFiles: ReadonlyMap<string, Uint8Array>;
  onExchange(exchange: Redacted<Exchange>): void;
  /** Descriptors that a server told. */
  onProtoFile(file: GatheredFile): void;
  onLoss(loss: Loss): void;
  onConnectionEnd(end: ConnectionEnd): void;
}

export interface ImportedCapture {
  readonly stats: PipelineStats;
  /** What was not read of the file, in words. */
  readonly notes: readonly string[];
}

/** Null where the bytes are of no capture file. */
export function importCapture(bytes: Buffer, options: CaptureImport): ImportedCapture | null {
  const pipeline = createPipeline({
    filter: options.filter,
    redact: (exchange) => options.redactor.redact(exchange),
    createHeaderDecoder: options.createHeaderDecoder,
    onExchange: (exchange) => options.onExchange(exchange),
    protoFiles: options.protoFiles,
    onProtoFile: (file) => options.onProtoFile(file),
    onLoss: (loss) => options.onLoss(loss),
    onConnectionEnd: (end) => options.onConnectionEnd(end),
  });
  const source = openPcapSource(bytes, {
    direction: options.direction,
    keyLog: options.keyLog,
    onEvents: (events) => pipeline.push(events),
  });
  if (source === null) return null;
  while (source.read()) pipeline.tick(source.nowUs());
  pipeline.end(source.nowUs());
  return { stats: pipeline.stats(), notes: source.notes() };
}
