/** Bytes that all connections together may hold. Asked before memory is taken, told when it is given back; never blocks. */
export class Budget {
  private used = 0;

  constructor(private readonly limitBytes: number) {}

  /** False where the limit would be passed; then nothing is taken. */
  take(bytes: number): boolean {
    if (this.used + bytes > this.limitBytes) return false;
    this.used += bytes;
    return true;
  }

  /** Counts what is held already, whatever the limit: the next one who asks is refused. */
  charge(bytes: number): void {
    this.used += bytes;
  }

  giveBack(bytes: number): void {
    this.used -= bytes;
  }

  get usedBytes(): number {
    return this.used;
  }
}
