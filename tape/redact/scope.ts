/** What every part of redaction is given: where its findings go, the rules of its side, and what it looks with. */
import type { Detection } from './detection';
import type { Ledger } from './ledger';
import type { SideRules } from './rules';
import type { SeenSecrets } from './seen-secrets';
import { mayHoldSecretPath } from './url-in-text';

export interface Scope {
  readonly ledger: Ledger;
  readonly rules: SideRules;
  readonly detection: Detection;
  /** Secrets that were taken before, in this exchange or in the recording. */
  readonly seen: readonly SeenSecrets[];
}

/** The cheap look: false where no rule by looks or by names within the text, and no secret seen before, can fire. */
export function mayHoldSecret(text: string, { rules, detection, seen }: Scope): boolean {
  return (
    rules.finders.length > 0 ||
    detection.isSuspiciousText(text) ||
    mayHoldSecretPath(text) ||
    detection.hidesNames(text) ||
    seen.some((each) => each.mayBeInEncoded(text))
  );
}

/** The same for bytes of text. */
export function mayHoldSecretBytes(bytes: Uint8Array, { rules, detection, seen }: Scope): boolean {
  return rules.finders.length > 0 || detection.isSuspicious(bytes) || seen.some((each) => each.mayBeInBytes(bytes));
}
