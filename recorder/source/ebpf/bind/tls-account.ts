/**
 * Holds what passed a TLS socket in records of application data against the plaintext that was captured. What the
 * plaintext does not explain was moved by a call nobody saw: an entry point without a probe, SSL_sendfile, probes that
 * came late. Refuses to call anything missing that a handshake, a ticket or an alert may explain.
 * docs/decisions/0044-plaintext-accounts-for-its-ciphertext.md says what this sees and what it cannot see.
 */
import type { SealedCount } from '../decode/decode';
import { finishedLengths, type SuiteFacts, suiteFacts } from './tls-suite';

type StreamDirection = 'sent' | 'received';

/** Servers send up to so many tickets before their first data; those of a connection are alike in length: */
const TICKETS_MOST = 4;
/** OpenSSL seals them in blocks of so many bytes, and what is in them (a random number among it) differs by a byte or two. */
const TICKET_BLOCK = 16;
/** Of one message of a handshake after which data may follow. */
const HANDSHAKE_MOST = 4096;
/** The kernel side tells so many of the first records one by one. */
const RECORDS_TOLD = 12;
/** An alert is two bytes (RFC 8446 6). */
export const ALERT_BYTES = 2;
/** A handshake header and one byte (RFC 8446 4.6.3). */
export const KEY_UPDATE_BYTES = 5;
/** EndOfEarlyData is a header of a handshake message and nothing more (RFC 8446 4.5). */
const END_OF_EARLY_DATA_BYTES = 4;
/** The longest record of one: with what GCM of TLS 1.2 adds. */
const ALERT_RECORD_MOST = ALERT_BYTES + 24;
/** JSSE adds so many zeros to each record of TLS 1.3 that it seals, whatever is in it. */
export const JSSE_PADDING = 16;
/** What those who seal may add; others that do (RFC 8446 5.4) are not known. */
const PADDINGS = [0, JSSE_PADDING];
const PADDED_ALERT_RECORD = ALERT_BYTES + 17 + JSSE_PADDING;
/** Where the suite is not known: what the common AEADs add to a record, and JSSE with them. */
const COMMON_OVERHEADS = [17, 24, 16, 17 + JSSE_PADDING];

/** `untold`: there was so much of it that nobody knows. */
export type EarlyData = 'none' | 'undecided' | 'taken' | 'refused' | 'untold';

/** One way to read the records: how many of the first are no data, and what each of the others adds to its plaintext. */
interface Reading {
  readonly skippedRecords: number;
  readonly skippedBytes: number;
  readonly overheadLeast: number;
  readonly overheadMost: number;
  /** Of what each adds: zeros that stand for nothing. */
  readonly padding: number;
}

/** One direction: what is known of its records, and the readings that still fit. */
class Side {
  /** Lengths of the first records, as far as they were told one by one. */
  readonly lengths: number[] = [];
  records = 0;
  bytes = 0;
  /** The readings that were left after the last exact fit; null before the first. */
  readings: readonly Reading[] | null = null;
  /** Plaintext bytes found missing so far, or explained by alerts. */
  excused = 0;
  /** What the one who seals may add to each record. */
  paddings: readonly number[] = PADDINGS;
  /** Messages of the handshake that the kernel was given to seal. */
  kernelSealed = 0;
  /** False where records passed that were not told one by one when they should have been. */
  complete = true;

  /** The count modulo 2^32 becomes one that goes on. */
  advance({ records, bytes }: SealedCount): { records: number; bytes: number } {
    const full = {
      records: this.records + ((records - this.records) | 0),
      bytes: this.bytes + ((bytes - this.bytes) | 0),
    };
    if (full.records >= this.records) [this.records, this.bytes] = [full.records, full.bytes];
    return full;
  }
}

export class TlsAccount {
  private suite: SuiteFacts | null = null;
  private readonly sides: Record<StreamDirection, Side> = { sent: new Side(), received: new Side() };
  /** Records the server had sent when the client sent its first. */
  private serverFirst = 0;
  /** Records the server had sent when the client's Finished passed: its flight of handshake messages. */
  private serverFlight: number | null = null;
  /** Of what the client says before it has heard anything of the server (0-RTT). */
  private early: EarlyData = 'undecided';

  /** `client`: the direction the ClientHello went. */
  constructor(
    private readonly client: StreamDirection,
    /** The connection is older than the recorder: what its first records were is not known. */
    private readonly startedEarlier: boolean,
  ) {}

  /** What the process itself adds to each record of TLS 1.3, now that its library is known. */
  learnOwnPadding(padding: number): void {
    this.sides.sent.paddings = [padding];
  }

  learnSuite(cipher: number): void {
    this.suite ??= suiteFacts(cipher);
  }

  /** One of the first records of a direction, told by itself. */
  learnRecord(direction: StreamDirection, before: SealedCount, length: number): void {
    const side = this.sides[direction];
    if (side.lengths.length >= RECORDS_TOLD) return;
    if (before.records !== side.lengths.length) side.complete = false;
    if (direction === this.client && side.lengths.length === 0) this.serverFirst = this.sides[other(direction)].records;
    side.lengths.push(length);
    const isFinished = direction === this.client && this.isFinished(side, length);
    if (!isFinished || this.serverFlight !== null) return;
    this.serverFlight = this.sides[other(direction)].lengths.length;
    this.early = this.endsEarlyData(side.lengths.at(-2)) ? 'taken' : 'refused';
  }

  private endsEarlyData(length: number | undefined): boolean {
    return length !== undefined && length === END_OF_EARLY_DATA_BYTES + (this.suite?.overheadLeast ?? 0);
  }

  /**
   * Whether the server takes what the client, which is our side, has said before it had heard of the server: it ends that with
   * a message before its Finished, or does not. Certificates come before it as well, but after what the server says.
   */
  get earlyData(): EarlyData {
    const { lengths } = this.sides.sent;
    const mayBe = this.client === 'sent' && !this.startedEarlier && this.suite?.hidesHandshake === true;
    if (!mayBe || lengths.length === 0 || this.serverFirst > 0) return 'none';
    const isUntold = this.early === 'undecided' && lengths.length >= RECORDS_TOLD;
    return isUntold ? 'untold' : this.early;
  }

  private isFinished({ paddings }: Side, length: number): boolean {
    const { suite } = this;
    return suite?.hidesHandshake === true && paddings.some((padding) => length === suite.finishedLength + padding);
  }

  /**
   * Bytes that are in no record went out before there was any plaintext: the kernel seals (kTLS), and what it is given outside the
   * calls that write is the rest of the handshake, a Finished or tickets. Whatever is larger, or more, is none.
   */
  excuseGivenToKernel(direction: StreamDirection, bytes: number): void {
    const side = this.sides[direction];
    if (bytes > HANDSHAKE_MOST || side.kernelSealed >= TICKETS_MOST) return;
    side.kernelSealed++;
    side.excused += bytes;
  }

  /** Sums as they stand now. */
  learnTotal(direction: StreamDirection, sealed: SealedCount): void {
    this.sides[direction].advance(sealed);
  }

  /**
   * Plaintext bytes that passed without being captured, of all that had been sealed when `plaintext` bytes had been
   * captured; they are excused from then on. 0 where everything is explained.
   */
  takeMissing(direction: StreamDirection, sealed: SealedCount, plaintext: number): number {
    if (this.isExplained(direction, sealed, plaintext)) return 0;
    const { side, count, readings, missing } = this.weigh(direction, sealed, plaintext);
    const fits = readings.filter((reading) => leastLeft(reading, count, plaintext + side.excused) === 0);
    if (fits.length > 0 && plaintext > 0) side.readings = fits;
    side.excused += missing;
    return missing;
  }

  /** So many of the bytes found missing have turned out to be among the plaintext that is counted. */
  giveBack(direction: StreamDirection, bytes: number): void {
    this.sides[direction].excused -= bytes;
  }

  /** A message without plaintext, of one of these lengths: an alert on its way out or at the end, a key update. */
  excuseHidden(direction: StreamDirection, sealed: SealedCount, plaintext: number, lengths: readonly number[]): void {
    if (this.isExplained(direction, sealed, plaintext)) return;
    const { side, missing } = this.weigh(direction, sealed, plaintext);
    const mayHide = this.suite?.hidesHandshake !== false || side.kernelSealed > 0;
    if (mayHide && lengths.includes(missing)) side.excused += missing;
  }

  /** Every reading that is left fits, as nearly always: nothing is missing, and no reading falls away. */
  private isExplained(direction: StreamDirection, sealed: SealedCount, plaintext: number): boolean {
    const side = this.sides[direction];
    const { readings } = side;
    if (readings === null) return false;
    const count = side.advance(sealed);
    for (let i = 0; i < readings.length; i++) {
      if (leastLeft(readings[i] as Reading, count, plaintext + side.excused) !== 0) return false;
    }
    return readings.length > 0;
  }

  private weigh(direction: StreamDirection, sealed: SealedCount, plaintext: number) {
    const side = this.sides[direction];
    const count = side.advance(sealed);
    const readings = side.readings ?? this.readingsOf(direction, count, plaintext);
    return { side, count, readings, missing: unexplained(readings, count, plaintext + side.excused) };
  }

  /**
   * True where more may have passed than a handshake, tickets and an alert: somebody said something. Of what cannot be
   * told it is true: a connection must not be left out of the count of those that were not read for want of facts.
   */
  get carriesData(): boolean {
    const [client, server] = [this.sides[this.client], this.sides[other(this.client)]];
    if (this.startedEarlier) return !mayBeAlert(client.bytes) || !mayBeAlert(server.bytes);
    if (!this.hidesHandshake) return client.records + server.records > 0;
    return this.clientSpoke(client) || this.serverSpoke(server);
  }

  /** Where the ServerHello was not seen: before TLS 1.3 no server has records of that kind when the client sends its first. */
  private get hidesHandshake(): boolean {
    if (this.suite !== null) return this.suite.hidesHandshake;
    return this.serverFirst > 0 || this.sides[this.client].records === 0;
  }

  private clientSpoke(side: Side): boolean {
    const { lengths, records, bytes, paddings } = side;
    if (lengths.length < Math.min(records, RECORDS_TOLD)) return records > 1;
    const finished = lengths.findIndex((length) =>
      this.suite === null
        ? paddings.some((padding) => finishedLengths.includes(length - padding))
        : this.isFinished(side, length),
    );
    // Without a Finished the handshake was broken off, by an alert.
    if (finished < 0) return lengths.some((length) => !mayBeAlert(length));
    return !mayBeAlert(bytes - sum(lengths.slice(0, finished + 1)));
  }

  private serverSpoke({ records, bytes }: Side): boolean {
    const count = { records, bytes };
    return unexplained(this.readingsOf(other(this.client), count, 0), count, 0) > ALERT_BYTES;
  }

  private readingsOf(direction: StreamDirection, count: SealedCount, plaintext: number): readonly Reading[] {
    const { suite } = this;
    const side = this.sides[direction];
    if (suite === null || this.startedEarlier || !side.complete) return calibrated(suite, side, { count, plaintext });
    const { overheadLeast, overheadMost } = suite;
    return this.paddingsOf(direction, suite).flatMap((padding) =>
      this.skipsOf(direction, side.lengths, padding).map((skippedRecords) => ({
        skippedRecords,
        skippedBytes: sum(side.lengths.slice(0, skippedRecords)),
        overheadLeast: overheadLeast + padding,
        overheadMost: overheadMost + padding,
        padding,
      })),
    );
  }

  /** A client's Finished tells which of them it is. */
  private paddingsOf(direction: StreamDirection, suite: SuiteFacts): readonly number[] {
    if (!suite.hidesHandshake) return [0];
    const { lengths, paddings } = this.sides[direction];
    if (direction !== this.client) return paddings;
    const fitting = paddings.filter((padding) => lengths.includes(suite.finishedLength + padding));
    return fitting.length > 0 ? fitting : paddings;
  }

  /** How many of the first records may be no data. */
  private skipsOf(direction: StreamDirection, lengths: readonly number[], padding: number): readonly number[] {
    if (!this.suite?.hidesHandshake) return [0];
    if (direction === this.client) {
      const finished = lengths.indexOf(this.suite.finishedLength + padding);
      return [finished < 0 ? lengths.length : finished + 1];
    }
    const flight = this.serverFlight;
    if (flight === null) return [lengths.length];
    return range(flight, flight + ticketsFrom(lengths, flight));
  }
}

/** How many records from there on may be tickets: a run of lengths that are equal, but for a block of their cipher. */
function ticketsFrom(lengths: readonly number[], start: number): number {
  const run = lengths.slice(start, start + TICKETS_MOST);
  const end = run.findIndex((length, i) => !run.slice(0, i).every((earlier) => areAlike(length, earlier)));
  return end < 0 ? run.length : end;
}

function areAlike(length: number, other: number): boolean {
  return length === other || Math.abs(length - other) === TICKET_BLOCK;
}

/** Nothing is known of what went before: it is taken to be in order, and held to that from here on. */
function calibrated(
  suite: SuiteFacts | null,
  { paddings }: Side,
  { count, plaintext }: { readonly count: SealedCount; readonly plaintext: number },
): readonly Reading[] {
  const overheads =
    suite === null
      ? COMMON_OVERHEADS.map((one) => [one, one, 0])
      : (suite.hidesHandshake ? paddings : [0]).map((one) => [
          suite.overheadLeast + one,
          suite.overheadMost + one,
          one,
        ]);
  return overheads.map(([overheadLeast = 0, overheadMost = 0, padding = 0]) => ({
    skippedRecords: count.records,
    skippedBytes: count.bytes - plaintext,
    overheadLeast,
    overheadMost,
    padding,
  }));
}

/**
 * The least number of bytes that no reading explains; 0 where one explains all, or where plaintext is ahead. That records are
 * padded is believed where it explains all, or nothing else is possible: to a loss it is one more way to look small.
 */
function unexplained(readings: readonly Reading[], count: SealedCount, plaintext: number): number {
  if (readings.some((reading) => leastLeft(reading, count, plaintext) === 0)) return 0;
  const plain = readings.filter(({ padding }) => padding === 0);
  const left = (plain.length > 0 ? plain : readings).map((reading) => leastLeft(reading, count, plaintext));
  return left.some((bytes) => bytes <= 0) ? 0 : Math.min(...left);
}

/** Sealed bytes that the plaintext leaves over, at the least: negative where not all of it has been sent yet. */
function leastLeft(reading: Reading, count: SealedCount, plaintext: number): number {
  const records = count.records - reading.skippedRecords;
  if (records < 0) return -plaintext;
  const bytes = count.bytes - reading.skippedBytes - plaintext;
  const least = bytes - records * reading.overheadMost;
  const most = bytes - records * reading.overheadLeast;
  // Where padding varies, anything between the two is explained.
  if (least <= 0 && most >= 0) return 0;
  return least > 0 ? least : most;
}

function mayBeAlert(bytes: number): boolean {
  return bytes <= ALERT_RECORD_MOST || bytes === PADDED_ALERT_RECORD;
}

function other(direction: StreamDirection): StreamDirection {
  return direction === 'sent' ? 'received' : 'sent';
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
