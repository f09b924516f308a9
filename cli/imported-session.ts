/**
 * The session that an import writes: the tape is opened for the first exchange, so that a file without any makes none.
 * Counts what it was given, for the summary.
 */
import type { GatheredFile } from '../tape/body/protobuf/gathered';
import type { Exchange, Problem } from '../tape/model/exchange';
import type { Redacted } from '../tape/redact/redacted';
import { openTapeWriter } from '../tape/store/sqlite';
import type { ConnectionEnd, Loss, SessionId, SessionStart, TapeWriter } from '../tape/store/tape';

/** Exchanges that pass to the writer in one transaction. */
const batchExchanges = 256;

interface Open {
  readonly writer: TapeWriter;
  readonly id: SessionId;
}

export class ImportedSession {
  exchanges = 0;
  inbound = 0;
  outbound = 0;
  complete = 0;
  readonly problems = new Map<Problem, number>();
  private session: Open | null = null;
  private waiting: Redacted<Exchange>[] = [];
  private readonly losses: Loss[] = [];
  private readonly ends: ConnectionEnd[] = [];
  private readonly files: GatheredFile[] = [];

  constructor(
    private readonly tape: string,
    private readonly start: () => SessionStart,
  ) {}

  /** One that is not over comes again, and is counted then. Throws the errors of the tape. */
  add(redacted: Redacted<Exchange>): void {
    const { outcome, problems, connection } = redacted.exchange;
    this.waiting.push(redacted);
    if (outcome !== 'open') {
      this.exchanges++;
      if (connection.direction === 'inbound') this.inbound++;
      if (connection.direction === 'outbound') this.outbound++;
      if (problems.length === 0) this.complete++;
      for (const word of problems) this.problems.set(word, (this.problems.get(word) ?? 0) + 1);
    }
    if (this.waiting.length >= batchExchanges) this.write();
  }

  noteConnectionEnd(end: ConnectionEnd): void {
    this.ends.push(end);
  }

  noteLoss(loss: Loss): void {
    this.losses.push(loss);
  }

  keepProtoFile(file: GatheredFile): void {
    this.files.push(file);
  }

  /** Writes what is left. Nothing to do where there was no exchange. */
  end(): void {
    this.write();
    if (this.session === null) return;
    const { writer, id } = this.session;
    for (const end of this.ends) writer.noteConnectionEnd(id, end);
    for (const loss of this.losses) writer.noteLoss(id, loss);
    for (const file of this.files) writer.keepProtoFile(id, file);
    writer.endSession(id, { endedAtUs: Date.now() * 1000, reason: 'imported' });
  }

  close(): void {
    this.session?.writer.close();
  }

  private write(): void {
    if (this.waiting.length === 0) return;
    this.session ??= this.opened();
    const batch = this.waiting;
    this.waiting = [];
    this.session.writer.append(this.session.id, batch);
  }

  private opened(): Open {
    const writer = openTapeWriter(this.tape);
    return { writer, id: writer.beginSession(this.start()) };
  }
}
