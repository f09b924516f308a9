/** The applications that are looked for in HTTP: a line each. The first to recognise an exchange has it. */
import type { HttpContent } from '../http';
import type { Application, Spoken } from './application';
import { graphql } from './graphql';
import { jsonRpc } from './json-rpc';
import { readingOf } from './reading';
import { soap } from './soap';

const applications: readonly Application[] = [graphql, jsonRpc, soap];

export interface SpokenApplication extends Spoken {
  readonly application: string;
}

/** What is spoken over this request and response; null where it is of no application, as most are. Never throws on input. */
export function spokenIn(content: HttpContent): SpokenApplication | null {
  const reading = readingOf(content);
  if (reading === null) return null;
  for (const member of applications) {
    const spoken = member.recognise(reading);
    if (spoken !== null) return { application: member.name, ...spoken, target: shortened(spoken.target) };
  }
  return null;
}

/** A name, not a text: what is longer is no name. */
const longestTarget = 300;

function shortened(target: string): string {
  return target.length <= longestTarget ? target : `${target.slice(0, longestTarget)}…`;
}
