/** Recording takes root, reading a tape does not: under sudo, what is made belongs to the one who called it. */
import { chownSync } from 'node:fs';

/** Hands files over where root runs for somebody else (sudo says for whom); otherwise leaves them. */
export function giveToCaller(paths: readonly string[]): void {
  const { SUDO_UID, SUDO_GID } = process.env;
  if (process.getuid?.() !== 0 || SUDO_UID === undefined || SUDO_GID === undefined) return;
  for (const path of paths) chownSync(path, Number(SUDO_UID), Number(SUDO_GID));
}
