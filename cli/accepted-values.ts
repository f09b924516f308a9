/** Where the values stand that were accepted for a tape, and which of them a run holds its answers against. */
import { existsSync } from 'node:fs';
import type { AcceptedValues } from '../replayer/accept/accepted';
import { parseAccepted } from '../replayer/accept/accepted-file';
import { heldOf } from '../replayer/accept/stale';
import type { TestCase } from '../replayer/cases/cases';
import { requireTrusted } from '../tape/store/trust';
import type { FilterArguments } from './options';
import { readText } from './replay-options';
import { visibleLine } from './terminal';

export interface AcceptedArguments {
  readonly tape: string;
  readonly accepted?: string | undefined;
  /** True for who makes the file where it is not there yet. */
  readonly makesAccepted?: boolean;
}

/** `shop.accepted.yaml` for `shop.tape`. */
export function acceptedFileOf({ tape, accepted }: AcceptedArguments): string {
  return accepted ?? `${tape.replace(/\.tape$/, '')}.accepted.yaml`;
}

/**
 * The text of the file; null where none is named and none lies beside the tape. What nobody named is believed like a
 * configuration. Throws FILE_UNREADABLE and CONFIG_UNTRUSTED.
 */
export function acceptedText(args: AcceptedArguments): string | null {
  const file = acceptedFileOf(args);
  const isNamed = args.accepted !== undefined;
  if (!existsSync(file) && (!isNamed || args.makesAccepted === true)) return null;
  if (!isNamed) requireTrusted(file, 'the accepted values in');
  return readText(file, '--accepted');
}

/** Those that speak of the cases; the others are told of on stderr. Throws BAD_ACCEPTED besides. */
export function acceptedFor(
  args: AcceptedArguments & Parameters<typeof isWhole>[0],
  cases: readonly TestCase[],
): AcceptedValues {
  const entries = parseAccepted(acceptedText(args) ?? '', acceptedFileOf(args));
  const { accepted, warnings } = heldOf(entries, cases, { isWhole: isWhole(args) });
  process.stderr.write(warnings.map((line) => `${visibleLine(line)}\n`).join(''));
  return accepted;
}

/** True where no filter leaves out cases of the tape. */
export function isWhole({
  include = [],
  exclude = [],
  session,
  dedupe = false,
}: FilterArguments & { readonly dedupe?: boolean | undefined }): boolean {
  return include.length + exclude.length === 0 && session === undefined && !dedupe;
}
