/**
 * The names of protocols nobody parses, by what is said on the connection: one table, and the two ways to ask it. A name
 * is given only where the bytes tell it, and only where one signature does. Keeps nothing.
 */
import { databases } from './databases';
import { messaging } from './messaging';
import { services } from './services';
import type { Said, Signature } from './signature';

export type { Said } from './signature';

export const signatures: readonly Signature[] = [...databases, ...messaging, ...services];

/** How many bytes of each side the signatures of an opening look at. */
export const openingBytes = 256;

/** The longest call that is looked at in the middle of a connection. */
export const turnBytes = 1024;

/** By the first bytes of the connection, or null. */
export function nameByOpening(opening: Said): string | null {
  const turned = { client: opening.server, server: opening.client };
  // Which side is the client may have been told wrong: what the bytes say counts.
  return onlyName(({ opens }) => opens !== undefined && (opens(opening) || opens(turned)));
}

/** By one call of the client, whole, and the beginning of the next call of the server, or null. */
export function nameByTurn(turn: Said): string | null {
  return onlyName(({ goesOn }) => goesOn?.(turn) ?? false);
}

function onlyName(fits: (signature: Signature) => boolean): string | null {
  const found = signatures.filter(fits);
  return found.length === 1 ? (found[0]?.name ?? null) : null;
}
