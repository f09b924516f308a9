/** `wiretape show`: one exchange, with headers and bodies, for people or as one JSON document. */

import type { CommandModule } from 'yargs';
import { isDescribed } from '../tape/model/schemas';
import { openReader } from '../tape/store/registry';
import { exchangeJson } from './exchange-json';
import { pageLines } from './exchange-page';
import { exchangeOnTape } from './on-tape';
import { jsonOption, tapeArgument } from './options';
import { type ProtoArguments, protoFilesFrom, protoOptions } from './proto-options';
import { contestedLines, factsOf, partialLine } from './session-notes';
import { colorsFor, jsonText, printLines } from './terminal';

interface ShowArguments extends ProtoArguments {
  readonly tape: string;
  readonly id: string;
  readonly json: boolean;
}

export const showCommand: CommandModule<object, ShowArguments> = {
  command: 'show <tape> <id>',
  describe: 'show one exchange with its headers and bodies',
  builder: (yargs) =>
    yargs
      .usage('wiretape show TAPE ID [--json] [--proto-set FILE]\n\nShows one exchange with its headers and bodies.')
      .positional('tape', tapeArgument)
      .positional('id', {
        type: 'string',
        demandOption: true,
        describe: "the exchange's id, as `wiretape ls` lists it",
      })
      .options({ ...protoOptions, ...jsonOption })
      .example('wiretape show shop.tape 17', 'request and response')
      .example(
        "wiretape show shop.tape 17 --json | jq -r '.response.body.data'",
        'the body, byte for byte when it is text',
      ),
  handler: async ({ tape, id, json, ...args }) => {
    const given = protoFilesFrom(args);
    const reader = await openReader(tape, given);
    try {
      const stored = await exchangeOnTape(reader, id, tape);
      const sessions = await reader.sessions();
      const session = sessions.find((each) => each.id === stored.session);
      const contested = isDescribed(stored.exchange) ? contestedLines(sessions, stored, given) : [];
      for (const line of contested) process.stderr.write(`note  ${line}\n`);
      const colors = colorsFor(process.stdout);
      await printLines(
        json
          ? [jsonText({ ...exchangeJson(stored), ...factsOf(session) })]
          : pageLines(stored, colors, partialLine(session)),
      );
    } finally {
      await reader.close();
    }
  },
};
