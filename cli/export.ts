/** `wiretape export`: the exchanges of a tape as a file for another tool. */
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { WiretapeError } from '../errors/wiretape-error';
import { pathTemplate } from '../replayer/cases/name';
import type { Exporter, ExportOptions } from '../tape/export/exporter';
import { exporters } from '../tape/export/registry';
import type { ExchangeFilter } from '../tape/model/filter';
import { openReader } from '../tape/store/registry';
import type { TapeReader } from '../tape/store/tape';
import { requireSession } from './on-tape';
import { type FilterArguments, filterFrom, filterOptions, tapeArgument, usage } from './options';
import { type ProtoArguments, protoFilesFrom, protoOptions } from './proto-options';
import { count, print, visibleLine } from './terminal';
import { wiretapeVersion } from './version';

interface ExportArguments extends FilterArguments, ProtoArguments {
  readonly tape: string;
  readonly to: string;
  readonly output?: string;
  readonly direction?: 'inbound' | 'outbound';
  readonly target?: string;
}

const names = exporters.map(({ name }) => name);

export const exportCommand: CommandModule<object, ExportArguments> = {
  command: 'export <tape>',
  describe: 'write the exchanges of a tape as a file for another tool',
  builder: (yargs) =>
    yargs
      .usage(
        'wiretape export TAPE --to FORMAT [-o FILE] [filters]\n\nWrites exchanges of a tape for another tool, on stdout or into FILE: HAR, OpenAPI, curl, k6, WireMock or Hurl.',
      )
      .positional('tape', tapeArgument)
      .options({
        to: { type: 'string', choices: names, demandOption: true, describe: 'what to write' },
        output: { alias: 'o', type: 'string', describe: 'the file; stdout where there is none' },
        direction: {
          type: 'string',
          choices: ['inbound', 'outbound'],
          describe: 'only these; otherwise har has all, wiremock outbound, the others inbound',
        },
        target: { type: 'string', describe: 'where requests go in the place of the recorded hosts (curl, k6, hurl)' },
        ...filterOptions,
        ...protoOptions,
      })
      .example('wiretape export shop.tape --to har -o shop.har', 'for the network panel of a browser')
      .example("wiretape export shop.tape --to curl --include 'POST */orders'", 'commands to paste')
      .example('wiretape export shop.tape --to k6 -o load.js', 'a load test of the recorded requests')
      .example(
        'wiretape export shop.tape --to wiremock -o mappings/shop.json',
        'the outbound exchanges as stubs',
      ) as never,
  handler: async (args) => {
    const exporter = exporters.find(({ name }) => name === args.to);
    if (exporter === undefined) throw usage(`--to ${args.to} is no format`, `Write one of ${names.join(', ')}`);
    const target = targetFrom(args, exporter);
    const direction = args.direction ?? (exporter.about === 'all' ? undefined : exporter.about);
    const filter = filterFrom(args, direction);
    const reader = await openReader(args.tape, protoFilesFrom(args));
    try {
      await requireSession(reader, filter.session, args.tape);
      const lines = await writeOut(reader, { args, exporter, filter, target });
      process.stderr.write(`${lines.map(visibleLine).join('\n')}\n`);
    } finally {
      await reader.close();
    }
  },
};

function targetFrom({ target }: ExportArguments, { sends, name }: Exporter): string | null {
  if (target === undefined) return null;
  if (!sends) throw usage(`--target is for formats that send requests; ${name} sends none`, 'Leave out --target');
  const isOrigin = /^https?:\/\/[^/?#@\s'"\\]+\/?$/i.test(target) && URL.canParse(target);
  if (isOrigin) return target.replace(/\/$/, '');
  throw usage(`--target ${JSON.stringify(target)} is no address of a service`, 'Write it as http://127.0.0.1:8080');
}

interface Writing {
  readonly args: ExportArguments;
  readonly exporter: Exporter;
  readonly filter: ExchangeFilter;
  readonly target: string | null;
}

/** What is said afterwards. Throws NO_CASES where there is nothing to write. */
async function writeOut(reader: TapeReader, { args, exporter, filter, target }: Writing): Promise<readonly string[]> {
  const leftOut = new Map<string, number>();
  let written = 0;
  let redacted = 0;
  const options: ExportOptions = {
    target,
    wiretapeVersion: wiretapeVersion(),
    template: pathTemplate,
    onWritten: (stored) => {
      written++;
      if (stored.redacted.length > 0) redacted++;
    },
    onLeftOut: (why) => leftOut.set(why, (leftOut.get(why) ?? 0) + 1),
  };
  const output = openOutput(args.output, () => written > 0);
  try {
    for await (const piece of exporter.render(reader.exchanges(filter), options)) {
      if ((await output.write(piece)) === 'nobody reads') break;
    }
    if (written === 0) throw nothingLeft(args, filter, leftOut);
    await output.keep();
  } catch (error) {
    output.drop();
    throw error;
  }
  const where = args.output === undefined ? '' : ` into ${args.output}`;
  return [
    `exported ${count(written, 'exchange')} as ${exporter.title}${where}`,
    ...notesOf(leftOut),
    ...(redacted === 0 ? [] : [`  secrets    placeholders stand in their place in ${count(redacted, 'exchange')}`]),
  ];
}

function notesOf(leftOut: ReadonlyMap<string, number>): readonly string[] {
  return Array.from(leftOut, ([why, times]) => `  left out   ${times} that ${why}`);
}

function nothingLeft(
  { tape, to }: ExportArguments,
  { direction }: ExchangeFilter,
  leftOut: ReadonlyMap<string, number>,
): WiretapeError {
  const other = direction === 'inbound' ? 'outbound' : 'inbound';
  const asked = direction === undefined ? '' : ` ${direction}`;
  return new WiretapeError('NO_CASES', `There is no${asked} exchange on ${tape} to write as ${to}`, {
    seen: notesOf(leftOut).map((line) => line.trim()),
    remedy: [
      ...(direction === undefined ? [] : [`Take the others: --direction ${other}`]),
      `See what there is:  wiretape ls ${tape}`,
    ],
  });
}

interface Output {
  write(text: string): Promise<'taken' | 'nobody reads'>;
  keep(): Promise<void>;
  drop(): void;
}

/** Traffic is for its owner. A file appears whole or not at all. */
function openOutput(path: string | undefined, isAnyWritten: () => boolean): Output {
  if (path === undefined) return createStdout(isAnyWritten);
  const partial = `${path}.partial-${process.pid}`;
  const file = opened(partial, path);
  return {
    write: async (text) => {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      return 'taken';
    },
    keep: async () => {
      closeSync(file);
      renameSync(partial, path);
    },
    drop: () => {
      closeSync(file);
      rmSync(partial, { force: true });
    },
  };
}

const chunkChars = 64 * 1024;

/** Nothing is printed before it is known that there is something; after that no more is held than is printed at once. */
function createStdout(isAnyWritten: () => boolean): Output {
  let held = '';
  const flush = async (): Promise<void> => {
    const chunk = held;
    held = '';
    await print(chunk);
  };
  return {
    async write(text) {
      held += text;
      if (isAnyWritten() && held.length >= chunkChars) await flush();
      return process.stdout.destroyed ? 'nobody reads' : 'taken';
    },
    keep: flush,
    drop: () => undefined,
  };
}

function opened(partial: string, path: string): number {
  try {
    return openSync(partial, 'wx', 0o600);
  } catch (cause) {
    throw new WiretapeError('FILE_UNREADABLE', `Cannot write ${path}`, {
      cause,
      seen: [cause instanceof Error ? cause.message : String(cause)],
      remedy: 'Give a path in a folder that is there and that you may write, after -o',
    });
  }
}
