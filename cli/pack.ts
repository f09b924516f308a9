/** `wiretape pack`: a tape that is not recorded to any more, smaller. Every command reads it as before. */
import type { CommandModule } from 'yargs';
import { tapeArgument } from './options';
import { outputOption, type RewriteArguments, rewrite } from './rewrite';

export const packCommand: CommandModule<object, RewriteArguments> = {
  command: 'pack <tape>',
  describe: 'make a tape smaller; every command reads it as before',
  builder: (yargs) =>
    yargs
      .usage(
        'wiretape pack TAPE [-o FILE]\n\nPacks bodies and what else lists do not show, in the place of the tape or into a new FILE. Every command reads it as before, to the byte, and recording onto it goes on unpacked. sqlite3 still answers what lists answer, and sees no bodies: docs/tape-format.md says which of it is left. `wiretape unpack` undoes it.',
      )
      .positional('tape', tapeArgument)
      .options(outputOption)
      .example('wiretape pack shop.tape', 'in its place')
      .example('wiretape pack shop.tape -o small.tape', 'the tape stays as it is') as never,
  handler: (args) => rewrite(args, { isPacked: true }),
};
