/** `wiretape unpack`: a packed tape as it was recorded, for sqlite3. */
import type { CommandModule } from 'yargs';
import { tapeArgument } from './options';
import { outputOption, type RewriteArguments, rewrite } from './rewrite';

export const unpackCommand: CommandModule<object, RewriteArguments> = {
  command: 'unpack <tape>',
  describe: 'undo `wiretape pack`, so that sqlite3 sees bodies again',
  builder: (yargs) =>
    yargs
      .usage(
        'wiretape unpack TAPE [-o FILE]\n\nPuts what `wiretape pack` packed back into the rows of the tape, in its place or into a new FILE: for sqlite3, since every command of wiretape reads packed tapes.',
      )
      .positional('tape', tapeArgument)
      .options(outputOption)
      .example('wiretape unpack small.tape -o shop.tape', 'the packed tape stays as it is') as never,
  handler: (args) => rewrite(args, { isPacked: false }),
};
