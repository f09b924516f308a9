/** Names of the built-in rules: they stand in sessions and ledgers, so a name is never given another meaning. */
import { patternRules } from './patterns';

/** Rules that go by names and places; those that go by looks are the patterns. */
const placeRules = [
  'authorization',
  'cookie',
  'set-cookie',
  'credential-header',
  'secret-name',
  'card-number',
  'url-password',
];

export const builtInRules: readonly string[] = [...placeRules, ...patternRules];
