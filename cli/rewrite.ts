/** What `pack` and `unpack` have in common. */
import { rewriteTape } from '../tape/store/registry';
import { bytes } from './quantities';
import { visibleLine } from './terminal';

export interface RewriteArguments {
  readonly tape: string;
  readonly output?: string;
}

export const outputOption = {
  output: { alias: 'o', type: 'string', describe: 'a new file; the tape itself where there is none' },
} as const;

export async function rewrite(
  { tape, output = tape }: RewriteArguments,
  { isPacked }: { isPacked: boolean },
): Promise<void> {
  const { bytesBefore, bytesAfter } = await rewriteTape(tape, { output, isPacked });
  const share = Math.round((bytesAfter / bytesBefore) * 100);
  const line = `${isPacked ? 'packed' : 'unpacked'} ${output}: ${bytes(bytesAfter)}, ${share} % of the ${bytes(bytesBefore)} before`;
  process.stderr.write(`${visibleLine(line)}\n`);
}
