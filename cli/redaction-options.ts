/** What commands that write a tape take of redaction: the options, and the redactor they ask for. */
import { readFileSync } from 'node:fs';
import type { Options } from 'yargs';
import { WiretapeError } from '../errors/wiretape-error';
import { schemasFrom } from '../tape/body/protobuf/schemas';
import type { DetectionTools } from '../tape/redact/detection';
import { loadKey } from '../tape/redact/key';
import { createRedactor, type Redactor } from '../tape/redact/redactor';
import { parseRedactionRules } from '../tape/redact/rules-file';
import type { ProtoFiles } from '../tape/store/described';

export const redactionOptions = {
  redact: { type: 'string', describe: 'a file of further redaction rules' },
  'redact-personal': {
    type: 'boolean',
    default: false,
    describe: 'take out personal data, too: IBANs, e-mail, phone and identity numbers, names, dates of birth',
  },
} as const satisfies Record<string, Options>;

export interface RedactionArguments {
  readonly redact?: string;
  readonly redactPersonal: boolean;
}

/** With the project's key, which is made where there is none. Throws BAD_RULE, FILE_UNREADABLE and the errors of the key. */
export function redactorFrom(
  { redact: file, redactPersonal: personal }: RedactionArguments,
  protoFiles: ProtoFiles = new Map(),
  tools: DetectionTools = {},
): Redactor {
  const { key } = loadKey({ cwd: process.cwd(), env: process.env, create: true });
  const rules = file === undefined ? [] : parseRedactionRules(readRules(file), file);
  return createRedactor({
    key,
    rules,
    personal,
    remember: true,
    schemas: schemasFrom(protoFiles),
    tools,
  });
}

/** A rule that takes nothing is a leak where its place or pattern is only spelt otherwise. */
export function tellUnusedRules(redactor: Redactor): void {
  for (const rule of redactor.unusedRules())
    process.stderr.write(`redaction rule ${JSON.stringify(rule)} took nothing\n`);
}

function readRules(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new WiretapeError('FILE_UNREADABLE', `Cannot read the redaction rules ${file}`, {
      cause,
      seen: [cause instanceof Error ? cause.message : String(cause)],
      remedy: 'Give the path of a readable file after --redact',
    });
  }
}
