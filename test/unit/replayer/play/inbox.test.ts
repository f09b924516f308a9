/** What is waited for at the end of a conversation: silence, counted from what was said last. */
import { Inbox } from '../../../../replayer/play/conversation/inbox';
import type { LiveMessage } from '../../../../replayer/websocket/client';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const text: LiveMessage = { kind: 'text', bytes: Buffer.from('x'), atUs: 0 };

async function isOver(work: Promise<void>): Promise<boolean> {
  let over = false;
  void work.then(() => {
    over = true;
  });
  await jest.advanceTimersByTimeAsync(0);
  return over;
}

it('is waited for only as far as it has not passed, however many conversations end', async () => {
  const inboxes = Array.from({ length: 100 }, () => new Inbox());
  const sinceMs = performance.now();
  const silences = async () => {
    for (const inbox of inboxes) await inbox.silence(250, sinceMs);
  };
  const all = silences();
  await jest.advanceTimersByTimeAsync(249);
  expect(await isOver(all)).toBe(false);
  await jest.advanceTimersByTimeAsync(1);
  expect(await isOver(all)).toBe(true);
  expect(performance.now() - sinceMs).toBe(250);
});

it('counts from the last message, and ends with the connection', async () => {
  const inbox = new Inbox();
  await jest.advanceTimersByTimeAsync(100);
  inbox.message(text);
  expect(inbox.heardAtMs).toBe(performance.now());
  const silence = inbox.silence(250, inbox.heardAtMs);
  await jest.advanceTimersByTimeAsync(200);
  expect(await isOver(silence)).toBe(false);
  inbox.ended(null);
  expect(await isOver(silence)).toBe(true);
});
