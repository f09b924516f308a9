/**
 * Values that stand for one recorded text, where that was made more than once: a clock read twice in one step, a token
 * made twice in one second. Each of them may come back later. State of one run; live secrets, nothing here is for printing.
 */
export class Twins {
  private readonly live = new Map<string, Set<string>>();

  note(recorded: string, live: string): void {
    const known = this.live.get(recorded);
    if (known === undefined) this.live.set(recorded, new Set([live]));
    else known.add(live);
  }

  has(recorded: string, live: string): boolean {
    return this.live.get(recorded)?.has(live) === true;
  }
}
