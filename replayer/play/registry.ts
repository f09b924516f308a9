/** Who plays which kind of case: one line a kind. */
import type { SentCase, TestCase } from '../cases/cases';
import { ConversationPlayer } from './conversation/player';
import type { Play, Player, Stage } from './player';
import { RequestPlayer } from './request-player';

const makers: { readonly [K in SentCase['kind']]: (stage: Stage) => Player<Extract<SentCase, { kind: K }>> } = {
  run: (stage) => new RequestPlayer(stage),
  conversation: (stage) => new ConversationPlayer(stage),
};

/** The players of one run. */
export class Players {
  private readonly made = new Map<TestCase['kind'], Player<SentCase>>();

  constructor(private readonly stage: Stage) {}

  isOneRequest(test: SentCase): boolean {
    return this.playerOf(test.kind).isOneRequest;
  }

  open(test: SentCase): Play {
    return this.playerOf(test.kind).open(test);
  }

  remarks(): readonly string[] {
    return [...this.made.values()].flatMap((player) => player.remarks());
  }

  release(connectionId: string): void {
    for (const player of this.made.values()) player.release(connectionId);
  }

  async close(): Promise<void> {
    await Promise.all([...this.made.values()].map((player) => player.close()));
  }

  private playerOf(kind: SentCase['kind']): Player<SentCase> {
    const known = this.made.get(kind) ?? (makers[kind](this.stage) as Player<SentCase>);
    this.made.set(kind, known);
    return known;
  }
}
