/**
 * The turns of a raw stream: messages of the kind `bytes`, which say who spoke when and how much. Their bytes are not in
 * them but in the stream, one side after the other, so that a secret that two turns share is still found in one piece.
 */
import { noBytes } from '../body';
import type { Exchange, Problem } from '../exchange';
import type { Message } from '../message';
import type { RawContent } from './raw';

export const turnKind = 'bytes';

export interface TurnSketch {
  readonly startedAtUs: number;
  readonly endedAtUs: number;
  readonly size: number;
  /** What is missing of it, or behind it. */
  readonly problem: Problem | null;
}

export function rawTurn(from: Message['from'], { startedAtUs, endedAtUs, size, problem }: TurnSketch): Message {
  const facts = problem === null ? {} : { problem };
  const body = { bytes: noBytes, codings: [], wireSize: size };
  return { from, kind: turnKind, startedAtUs, endedAtUs, facts, body };
}

export interface Turn {
  readonly from: Message['from'];
  /** First byte. */
  readonly startedAtUs: number;
  readonly bytes: Uint8Array;
}

/** The turns with their bytes; null where they were not kept, or are not all of the stream. */
export function turnsOf(content: RawContent, messages: readonly Message[]): readonly Turn[] | null {
  const { requestBytes, responseBytes } = content;
  const turns = messages.filter(({ kind }) => kind === turnKind);
  if (requestBytes === null || responseBytes === null || turns.length === 0) return null;
  if (turns.some(({ facts }) => facts.problem !== undefined)) return null;
  if (sizeOf(turns, 'client') !== requestBytes.length || sizeOf(turns, 'server') !== responseBytes.length) return null;
  const at = { client: 0, server: 0 };
  return turns.map(({ from, startedAtUs, body }) => {
    const start = at[from];
    at[from] += body.wireSize;
    const side = from === 'client' ? requestBytes : responseBytes;
    return { from, startedAtUs, bytes: side.subarray(start, at[from]) };
  });
}

function sizeOf(turns: readonly Message[], from: Message['from']): number {
  return turns.filter((turn) => turn.from === from).reduce((size, { body }) => size + body.wireSize, 0);
}

/** The turns of an exchange with their bytes: null where it is no raw stream; a reason where there is nothing to go by. */
export function turnsIn(exchange: Exchange): readonly Turn[] | 'not-kept' | 'not-whole' | null {
  if (exchange.protocol !== 'raw') return null;
  const { content, messages } = exchange;
  if (content.requestBytes === null || messages.length === 0) return 'not-kept';
  return turnsOf(content, messages) ?? 'not-whole';
}
