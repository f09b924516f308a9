/**
 * Tusk Drift's cases for mock matchers (../shared/corpora/matcher), each call as an HTTP request. wiretape answers only
 * what it can justify: where Tusk falls back to the shape of a request, wiretape says that nothing matches. Those cases
 * are listed with the reason.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMatcher } from '../../../replayer/mocks/match/matcher';
import { mocksFrom } from '../../../replayer/mocks/mock';
import { httpIn } from '../../support/contents';
import { type CallSketch, calls } from '../../support/mocks';

interface Call {
  readonly packageName: string;
  readonly inputValue: { readonly [name: string]: unknown };
}

interface Recorded extends Call {
  readonly spanId: string;
  readonly timestamp: string;
}

interface Case {
  readonly id: string;
  readonly traceMocks: readonly Recorded[];
  readonly suiteMocks: readonly Recorded[];
  readonly globalMocks: readonly Recorded[];
  readonly requests: readonly {
    readonly request: Call;
    readonly expected: { readonly matchedSpanId: string | null };
  }[];
}

/** What wiretape answers instead, and why. */
const differences: Readonly<
  Record<string, { readonly answers: readonly (string | null)[]; readonly because: string }>
> = {
  exact_match_consumption_then_used_fallback: {
    answers: ['span-a', 'span-b', 'span-b'],
    because: 'after the last recorded answer that one is given again, not the first: state goes forward',
  },
  http_shape_same_query_keys_different_values_matched: {
    answers: [null],
    because: 'page 3 is not page 1; only declared or minted values may differ',
  },
  graphql_whitespace_normalization_matched: {
    answers: [null],
    because: 'the documents are equal, the variables are not',
  },
  graphql_same_query_different_variables_similarity: { answers: [null], because: 'another user is another question' },
  db_schema_skip_psycopg2_preapp_exemption: { answers: [null], because: 'another statement is another question' },
  db_schema_skip_non_psycopg_not_skipped: { answers: [null], because: 'another parameter is another question' },
};

const folder = join(__dirname, '../../../../shared/corpora/matcher');
const cases = existsSync(folder) ? readdirSync(folder).flatMap(read) : [];

function read(file: string): readonly Case[] {
  if (!file.endsWith('.json')) return [];
  return (JSON.parse(readFileSync(join(folder, file), 'utf8')) as { examples: readonly Case[] }).examples;
}

/** HTTP calls as what they were; calls of other protocols as a POST of their input to a host of that name. */
function sketchOf({ packageName, inputValue }: Call): CallSketch {
  const { method, hostname, path, body } = inputValue;
  if (typeof path !== 'string') return { host: packageName, method: 'POST', requestBody: inputValue };
  const sketch = { host: String(hostname ?? packageName), method: String(method), target: path };
  return body === undefined ? sketch : { ...sketch, requestBody: body as Call['inputValue'] };
}

function answersTo({ traceMocks, suiteMocks, globalMocks, requests }: Case): (string | null)[] {
  const recorded = [...traceMocks, ...suiteMocks, ...globalMocks].sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
  const matcher = createMatcher(mocksFrom(calls(...recorded.map(sketchOf))), { rules: [], keyed: true });
  return requests.map(({ request }) => {
    const sketch = sketchOf(request);
    const live = httpIn(calls(sketch)[0]?.exchange).request;
    if (live == null) throw new Error('the sketch has a request');
    const found = matcher.match({ host: 'http', upstream: `${sketch.host}:80`, request: live, redacted: [] }, '');
    return found.kind === 'match' ? (recorded[Number(found.mock.id) - 1]?.spanId ?? null) : null;
  });
}

(cases.length > 0 ? describe : describe.skip)('matcher cases (need ../shared/corpora/matcher)', () => {
  it.each(cases.map((each) => [each.id, each] as const))('%s', (id, each) => {
    const expected = each.requests.map((request) => request.expected.matchedSpanId);
    expect(answersTo(each)).toEqual(differences[id]?.answers ?? expected);
  });

  it('lists no difference that is none', () => {
    const real = cases.filter((each) => differences[each.id] !== undefined);
    expect(real.map(({ id }) => id).sort()).toEqual(Object.keys(differences).sort());
    for (const each of real) {
      expect(answersTo(each)).not.toEqual(each.requests.map((request) => request.expected.matchedSpanId));
    }
  });
});

it('finds all cases of the corpus, or none', () => {
  expect([0, 20]).toContain(cases.length);
});
