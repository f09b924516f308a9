/** Which file a case belongs to, and what its test is called. Depends on the recording alone. */
import { addressOf } from '../../../tape/model/http/http';
import { askedIn, type SentCase } from '../../cases/cases';
import { pathTemplate } from '../../cases/name';

export interface NamedCase {
  readonly testCase: SentCase;
  /** Position in the recording, from 1. */
  readonly step: number;
  /** Unique within the suite: `POST /orders -> 201`, then `POST /orders -> 201 [2]`. */
  readonly title: string;
}

export interface EndpointGroup {
  /** What the paths have in common: `/api/orders`. */
  readonly title: string;
  /** Name of its file, without folder and extension. */
  readonly slug: string;
  readonly cases: readonly NamedCase[];
}

/** Groups by slug; cases within a group in recorded order. `collectionOf` may know by now what `collectionIn` says. */
export function groupsOf(
  cases: readonly SentCase[],
  collectionOf: (test: SentCase) => string = collectionIn,
): readonly EndpointGroup[] {
  const groups = new Map<string, { title: string; slug: string; cases: NamedCase[] }>();
  for (const named of titled(cases)) {
    const title = collectionOf(named.testCase);
    const slug = slugOf(title);
    const group = groups.get(slug) ?? { title, slug, cases: [] };
    group.cases.push(named);
    groups.set(slug, group);
  }
  return [...groups.values()].sort((a, b) => (a.slug < b.slug ? -1 : 1));
}

function titled(cases: readonly SentCase[]): readonly NamedCase[] {
  const seen = new Map<string, number>();
  return cases.map((testCase, i) => {
    const count = (seen.get(testCase.name) ?? 0) + 1;
    seen.set(testCase.name, count);
    return { testCase, step: i + 1, title: count === 1 ? testCase.name : `${testCase.name} [${count}]` };
  });
}

/** What the path of a case deals with: `/api/orders`. */
export function collectionIn(testCase: SentCase): string {
  return collectionOfTemplate(templateOf(testCase));
}

function templateOf(testCase: SentCase): string {
  const { stored } = testCase;
  return pathTemplate(addressOf(askedIn(testCase)).path, new Set(stored.redacted.map((entry) => entry.placeholder)));
}

/** Up to the first segment that says what is dealt with: prefixes such as /api/v2 name no endpoint. */
function collectionOfTemplate(template: string): string {
  const segments = template.split('/').slice(1);
  const naming = segments.findIndex((segment) => !isPrefix(segment));
  const end = naming < 0 ? segments.length : naming + 1;
  return `/${segments.slice(0, end).join('/')}`;
}

function isPrefix(segment: string): boolean {
  return segment === '' || segment.startsWith('{') || /^(?:api|rest|v\d+(?:\.\d+)*)$/i.test(segment);
}

/** What any file system can hold; `root` for the path /. */
export function slugOf(text: string): string {
  const words = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return words.slice(0, 60).replace(/-$/, '') || 'root';
}
