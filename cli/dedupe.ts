/** `wiretape dedupe`: which cases of a tape say the same, so that one of them is enough. Changes nothing; `--dedupe` plays by it. */
import type { CommandModule } from 'yargs';
import { type Deduped, dedupe, type Group } from '../replayer/dedupe/dedupe';
import { readServed, sessionOnly } from './mock-options';
import { type FilterArguments, filterOptions, jsonOption, tapeArgument } from './options';
import { type ProtoArguments, protoOptions } from './proto-options';
import { withCases } from './replay';
import { count, jsonText, printLines, visibleLine } from './terminal';

interface Arguments extends FilterArguments, ProtoArguments {
  readonly tape: string;
  readonly json: boolean;
}

export const dedupeCommand: CommandModule<object, Arguments> = {
  command: 'dedupe <tape>',
  describe: 'tell which cases of a tape say the same, so that one of them is enough',
  builder: (yargs) =>
    yargs
      .usage(
        'wiretape dedupe TAPE\n\nTells which reads of a tape say the same: one endpoint and status, requests and answers of one shape, the same calls, after the same last write. One of each is enough: replay, test and generate play that one with --dedupe. The tape stays as it is.',
      )
      .positional('tape', tapeArgument)
      .options({ ...filterOptions, ...protoOptions, ...jsonOption })
      .example('wiretape dedupe shop.tape', 'what stands for what')
      .example('wiretape replay shop.tape --dedupe --target http://127.0.0.1:8080', 'one of each') as never,
  handler: async (args) => {
    await withCases(args, async (cases) => {
      const found = dedupe(cases, await readServed(sessionOnly(args)));
      await printLines(args.json ? [jsonText(documentOf(found, cases.length))] : found.groups.map(lineOf));
      const left = cases.length - found.kept.length;
      process.stderr.write(`${found.kept.length} of ${count(cases.length, 'case')} kept, ${left} left out\n`);
    });
  },
};

const idsShown = 10;

function lineOf({ representative: { id, name }, leftOut }: Group): string {
  const rest = leftOut.length - idsShown;
  const ids = leftOut.slice(0, idsShown).map((each) => each.id);
  return visibleLine(`${name}  case ${id} for ${ids.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`);
}

/** Schema 1. */
function documentOf({ kept, groups }: Deduped, cases: number) {
  return {
    schema: 1,
    cases,
    kept: kept.map(({ id }) => id),
    groups: groups.map(({ representative: { id, name }, leftOut }) => {
      return { case: id, name, leftOut: leftOut.map((each) => each.id) };
    }),
  };
}
