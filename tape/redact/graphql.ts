/**
 * Which variables of a GraphQL document (October 2021 edition, 2.10) hold secrets: what they are called says little, but
 * the document hands them to arguments that say more. Reads no more of the grammar than `argument: $variable`.
 */

import { isLogin, isPassword } from './login';
import type { NameKind } from './names';

const longestDocument = 100_000;
const handedOver = /(?<!\w)([A-Za-z_]\w{0,127})\s{0,20}:\s{0,20}\$(\w{1,128})/g;

/** Names of the variables, none where the text is no such document. */
export function secretVariables(document: string, kindOf: (name: string) => NameKind | null): ReadonlySet<string> {
  const names = new Set<string>();
  if (!document.includes('$') || document.length > longestDocument) return names;
  const logsIn = isLogin(document);
  for (const [, argument = '', variable = ''] of document.matchAll(handedOver)) {
    if (kindOf(argument) !== null || (logsIn && isPassword(argument))) names.add(variable);
  }
  return names;
}
