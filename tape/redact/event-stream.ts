/**
 * Redacts an event stream block by block, as a recording does that has its events as messages: the same secret is then
 * found in both. Data is redacted as what it is, JSON over several lines included; fields and comments by their looks.
 */
import { type Block, blockBytes, blocksIn } from '../body/event-stream';
import type { Path } from '../model/path';
import { latin1 } from './latin1';
import { redactLine } from './line';
import type { TextContext } from './text';

/** `redactData` redacts bytes whose type is not known. */
export function redactEventStream(
  text: string,
  context: TextContext,
  redactData: (bytes: Uint8Array) => Uint8Array,
): string {
  const blocks = blocksIn(Buffer.from(text, 'latin1'));
  return blocks.map((block) => latin1(blockBytes(withoutSecrets(block, context, redactData)))).join('');
}

function withoutSecrets(block: Block, context: TextContext, redactData: (bytes: Uint8Array) => Uint8Array): Block {
  const pathOf = (name: string): Path => [...context.path, name];
  const facts = Object.entries(block.facts).map(([name, fact]) => [
    name,
    typeof fact === 'string' ? redactLine(fact, pathOf(name), context) : fact,
  ]);
  return { ...block, facts: Object.fromEntries(facts), bytes: redactData(block.bytes) };
}
