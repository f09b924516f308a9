/** The applications that are looked for in HTTP: a line each. The first to recognise an exchange has it. */
import type { HttpContent } from '../http';
import type { Application, Spoken } from './application';
import { graphql } from './graphql';
import { jsonRpc } from './json-rpc';
import { HttpReading } from './reading';
import { connect, grpc, grpcWeb } from './rpc';
import { soap } from './soap';

const applications: readonly Application[] = [grpc, grpcWeb, connect, graphql, jsonRpc, soap];

export interface SpokenApplication extends Spoken {
  readonly application: string;
}

/** What is spoken over this request and response; null where it is of no application, as most are. Never throws on input. */
export function spokenIn(content: HttpContent): SpokenApplication | null {
  const { request } = content;
  // What is asked for stands in a body that was posted, or in a query: most requests have neither.
  if (request === null || (request.method !== 'POST' && !request.target.includes('?'))) return null;
  const reading = new HttpReading(request, content.response);
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
