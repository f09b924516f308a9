/**
 * A call may overtake the answer that gives it its ids: a build answers, calls at once what it does in the background, and
 * the call is here before the answer was judged. So what fits nothing waits for a moment, for a case to be over.
 */

/** An answer that was sent before the call is read and judged within it, unless the machine is very busy. */
export const patienceMs = 100;

export class Soon {
  private waiting: (() => void)[] = [];

  constructor(private readonly patience = patienceMs) {}

  /** Tells all who wait that something may fit now. */
  tell(): void {
    const told = this.waiting;
    this.waiting = [];
    for (const each of told) each();
  }

  /** What `look` finds, now or once something was told; null where it finds nothing as long as there is patience. */
  async find<T>(look: () => T | null): Promise<T | null> {
    const patience = startPatience(this.patience);
    try {
      for (;;) {
        const found = look();
        if (found !== null) return found;
        const isTold = await Promise.race([this.told(), patience.isOver]);
        if (!isTold) return look();
      }
    } finally {
      patience.stop();
    }
  }

  private told(): Promise<boolean> {
    return new Promise((resolve) => void this.waiting.push(() => resolve(true)));
  }
}

function startPatience(ms: number): { readonly isOver: Promise<boolean>; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  const isOver = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  return { isOver, stop: () => clearTimeout(timer) };
}
