/** How far a run is played: as far as somebody waits for it, in the order in which steps were recorded. */
import { garbageCollector } from '../../../../cli/tight-heap';
import type { SentCase } from '../../../../replayer/cases/cases';
import type { PlayStep } from '../../../../replayer/play/player';
import { type Pacing, Sequence } from '../../../../replayer/play/sequence';

interface StepSketch {
  readonly from: number;
  readonly to: number;
  readonly does?: PlayStep['does'];
  /** Ends only when it is told to. */
  readonly held?: boolean;
}

/** Cases by name; each has a connection to itself. */
function sequenceOf(sketches: Readonly<Record<string, readonly StepSketch[]>>, pacing: Partial<Pacing> = {}) {
  const told: string[] = [];
  const held = new Map<string, () => void>();
  const tests = Object.keys(sketches).map((id) => {
    return { id, stored: { connectionId: id, session: '1', exchange: { channel: null } } } as unknown as SentCase;
  });
  const playStep = (name: string, sketch: StepSketch) => async () => {
    told.push(name);
    if (sketch.held === true) await new Promise<void>((resolve) => held.set(name, resolve));
  };
  const stages = {
    open: ({ id }: SentCase) => ({
      steps: (sketches[id] ?? []).map((sketch, i) => {
        const { from: startedAtUs, to: endedAtUs, does = 'request' } = sketch;
        return { startedAtUs, endedAtUs, does, play: playStep(`${id}${i + 1}`, sketch) };
      }),
      result: () => ({}) as never,
    }),
    begins: ({ id }: SentCase) => void told.push(`${id} begins`),
    over: ({ id }: SentCase) => void told.push(`${id} over`),
    isOver: ({ id }: SentCase) => told.includes(`${id} over`),
    release: ({ id }: SentCase) => void told.push(`${id} released`),
  };
  const sequence = new Sequence(tests, stages, { concurrency: 1, speed: 'max', ...pacing });
  const until = (name: string) => sequence.until(tests.find(({ id }) => id === name) as SentCase);
  const release = (name: string) => held.get(name)?.();
  return { told, until, release };
}

const request = (from: number, more: Partial<StepSketch> = {}): StepSketch => ({ from, to: from + 1, ...more });

it('plays what was recorded before a case, and nothing that came after it', async () => {
  const { told, until } = sequenceOf({ a: [request(0)], b: [request(10)], c: [request(20)] });
  await until('b');
  expect(told).toEqual(['a begins', 'a1', 'a over', 'a released', 'b begins', 'b1', 'b over', 'b released']);
  await until('a');
  expect(told).toHaveLength(8);
  await until('c');
  expect(told.slice(8)).toEqual(['c begins', 'c1', 'c over', 'c released']);
});

it('begins what goes on beside a case, and does not wait for its end', async () => {
  const heard = { from: 5, to: 30, does: 'await', held: true } as const;
  const { told, until, release } = sequenceOf({ chat: [request(0), heard], post: [request(10)], later: [request(40)] });
  await until('post');
  expect(told.filter((line) => !line.includes(' '))).toEqual(['chat1', 'chat2', 'post1']);
  const last = until('later');
  expect(told).not.toContain('later begins');
  release('chat2');
  await last;
  expect(told.filter((line) => line.endsWith(' over'))).toEqual(['post over', 'chat over', 'later over']);
});

it('plays for everybody who waits, in whatever order they ask', async () => {
  const { told, until } = sequenceOf({ a: [request(0)], b: [request(10)], c: [request(20)] });
  await Promise.all([until('c'), until('a'), until('b')]);
  expect(told.filter((line) => line.endsWith(' over'))).toEqual(['a over', 'b over', 'c over']);
});

it('takes no step more when it is ended, and lets nobody wait', async () => {
  const ending = new AbortController();
  const sketches = { a: [request(0, { held: true })], b: [request(10)] };
  const { told, until, release } = sequenceOf(sketches, { signal: ending.signal });
  const both = Promise.all([until('a'), until('b')]);
  ending.abort();
  release('a1');
  await both;
  expect(told).toEqual(['a begins', 'a1', 'a over', 'a released']);
});

it('lets go of what a case did once it is over, and of nothing that is to come', async () => {
  const collect = garbageCollector();
  const plays = new Map<string, WeakRef<object>>();
  const over = new Set<string>();
  const stages = {
    open: ({ id }: SentCase) => {
      const at = id === 'a' ? 0 : 10;
      const play = {
        steps: [{ startedAtUs: at, endedAtUs: at + 1, does: 'request', play: async () => {} } as const],
        result: () => ({}) as never,
      };
      plays.set(id, new WeakRef(play));
      return play;
    },
    begins: () => {},
    over: ({ id }: SentCase) => over.add(id),
    isOver: ({ id }: SentCase) => over.has(id),
    release: () => {},
  };
  const [a, b] = ['a', 'b'].map((id) => {
    return { id, stored: { connectionId: id, session: '1', exchange: { channel: null } } } as unknown as SentCase;
  }) as [SentCase, SentCase];
  const sequence = new Sequence([a, b], stages, { concurrency: 1, speed: 'max' });
  await sequence.until(a);
  await new Promise((resolve) => setImmediate(resolve)); // a WeakRef holds what it was made for until the turn ends
  collect();
  expect(plays.get('a')?.deref()).toBeUndefined();
  expect(plays.get('b')?.deref()).toBeDefined();
  await sequence.until(b);
});
