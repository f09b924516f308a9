/**
 * Descriptors that servers answered with while they were recorded. They are taken from what is left after redaction: a message from which
 * something was taken out is passed over, since a name in it may be what was taken. State of one recording.
 */
import { type GatheredFile, GatheredFiles } from '../../tape/body/protobuf/gathered';
import { descriptorsIn, isReflection } from '../../tape/body/rpc/reflection';
import { protocolLineOf } from '../../tape/model/content-model';
import type { Exchange } from '../../tape/model/exchange';
import { operationOf } from '../../tape/model/registry';
import type { Redacted } from '../../tape/redact/redacted';

/** What a recording says of it at its end. */
export interface ReflectionStats {
  /** Files that were taken. */
  readonly files: number;
  /** Those of which servers told several that name fields otherwise; the first counts. */
  readonly contested: readonly string[];
  /** Descriptors that are none or do not hold together, or from whose message redaction took something. */
  readonly refused: number;
  /** Files that lack what they import. */
  readonly waiting: number;
  readonly overLimit: number;
}

export class ReflectedFiles {
  private readonly gathered: GatheredFiles;
  private readonly contested = new Set<string>();
  private readonly files = new Set<string>();
  private redacted = 0;

  /** `given`: those that count before what servers tell. */
  constructor(private readonly given: ReadonlyMap<string, Uint8Array>) {
    this.gathered = new GatheredFiles(given);
  }

  /** What is to be kept because of the exchange, which may be one that grows. */
  take({ exchange, entries }: Redacted<Exchange>): readonly GatheredFile[] {
    const { messages, messagesBefore } = exchange;
    if (messages.length === 0 || !isReflection(protocolLineOf(operationOf(exchange)).target ?? '')) return [];
    return messages.flatMap((message, i) => {
      const descriptors = descriptorsIn(message);
      const isRedacted = entries.some(({ path }) => path.startsWith(`message[${messagesBefore + i}].`));
      if (isRedacted) this.redacted += descriptors.length;
      return isRedacted || descriptors.length === 0 ? [] : this.note(this.gathered.take(descriptors));
    });
  }

  get stats(): ReflectionStats {
    const { refused, waiting, overLimit } = this.gathered.counts;
    const contested = [...this.contested].sort();
    return { files: this.files.size, contested, refused: refused + this.redacted, waiting, overLimit };
  }

  private note(files: readonly GatheredFile[]): readonly GatheredFile[] {
    for (const { name, others } of files) {
      if (others > 0) this.contested.add(name);
      if (!this.given.has(name)) this.files.add(name);
    }
    return files;
  }
}
