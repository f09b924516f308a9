/**
 * No false passes: every single change to a recorded answer, outside declared noise, must be a difference; the same
 * answer must be none. The changes are made by a program, place by place.
 */
import { isJsonObject, type JsonObject, type JsonValue, parseJson, stringifyJson } from '../../../../tape/json/json';
import type { HeaderList } from '../../../../tape/model/body';
import type { ExchangeSketch } from '../../../support/exchanges';
import { judgeOne, told } from '../../../support/judging';

/** Bodies as services give them. No value here is volatile by its looks: those have their own tests. */
const bodies: Readonly<Record<string, string>> = {
  order:
    '{"id":42,"status":"open","total":1299.5,"currency":"EUR","paid":false,"coupon":null,"items":[{"sku":"lamp-01","quantity":2},{"sku":"desk-07","quantity":1}]}',
  bigNumbers: '{"exact":9007199254740993,"other":9007199254740995,"small":0.1,"exp":1e400,"zero":0}',
  list: '[1,2,3,"three",[4,5],{"six":6}]',
  words:
    '{"name":"Ada Lovelace","email":"ada@example.test","tags":["first","second"],"nested":{"a":{"b":{"c":"deep"}}}}',
  oddNames: '{"a b":1,"":2,"__proto__":3,"a.b":4,"7":5,"ünï":"cödé"}',
  dates: '{"birthday":"1990-01-31","year":2026,"version":"2.11.0","phone":"+49 30 1234567","hash":"not-a-hash"}',
  amounts: '{"amount":1763632800,"count":1763632800123,"account":"DE89370400440532013000","zip":"10115"}',
  checksums: '{"sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","size":4}',
  scalar: '"only a text"',
  empty: '{"list":[],"object":{},"text":"","nothing":null}',
};

interface Mutation {
  readonly what: string;
  readonly body: string;
}

function mutationsOf(value: JsonValue): Mutation[] {
  return changesOf(value).map(({ what, value: changed }) => ({ what, body: stringifyJson(changed) }));
}

interface Change {
  readonly what: string;
  readonly value: JsonValue;
}

function changesOf(value: JsonValue): Change[] {
  if (Array.isArray(value)) return [...retyped(value), ...arrayChanges(value)];
  if (isJsonObject(value)) return [...retyped(value), ...objectChanges(value)];
  return [...retyped(value), ...scalarChanges(value)];
}

/** Every other type in its place. */
function retyped(value: JsonValue): Change[] {
  const others: readonly JsonValue[] = [null, true, 7, 'seven', ['seven'], { seven: 7 }];
  return others
    .filter((other) => typeName(other) !== typeName(value))
    .map((other) => ({ what: `is ${stringifyJson(other)}`, value: other }));
}

function typeName(value: JsonValue): string {
  if (value === null || Array.isArray(value)) return String(value === null ? null : 'array');
  return typeof value === 'object' && !isJsonObject(value) ? 'number' : typeof value;
}

function scalarChanges(value: JsonValue): Change[] {
  if (typeof value === 'string') {
    return [
      `${value}x`,
      value.slice(1),
      '',
      value.toUpperCase(),
      value.replace(/\d$/, (d) => String((Number(d) + 1) % 10)),
    ]
      .filter((text) => text !== value)
      .map((text) => ({ what: `reads ${JSON.stringify(text)}`, value: text }));
  }
  if (typeof value === 'boolean') return [{ what: 'is the other', value: !value }];
  if (typeof value === 'number')
    return [
      { what: 'is one more', value: value + 1 },
      { what: 'is turned round', value: -value - 1 },
    ];
  return value === null
    ? []
    : [{ what: 'ends in another digit', value: parseJson(stringifyJson(value).replace(/3$|5$|0$/, '7')) ?? null }];
}

function arrayChanges(value: readonly JsonValue[]): Change[] {
  const changed = value.flatMap((each, i) => [
    { what: `[${i}] is gone`, value: value.toSpliced(i, 1) },
    { what: `[${i}] comes twice`, value: value.toSpliced(i, 0, each) },
    ...changesOf(each).map((change) => ({ what: `[${i}] ${change.what}`, value: value.toSpliced(i, 1, change.value) })),
  ]);
  const reordered = value.length > 1 ? [{ what: 'is in another order', value: value.toReversed() }] : [];
  return [...changed, ...reordered, { what: 'has one more', value: [...value, 'more'] }];
}

function objectChanges(value: JsonObject): Change[] {
  const members = Object.entries(value);
  const changed = members.flatMap(([name, member], i) => [
    { what: `.${name} is gone`, value: fromEntries(members.toSpliced(i, 1)) },
    { what: `.${name} has another name`, value: fromEntries(members.toSpliced(i, 1, [`${name}2`, member])) },
    ...changesOf(member).map((change) => ({
      what: `.${name} ${change.what}`,
      value: fromEntries(members.toSpliced(i, 1, [name, change.value])),
    })),
  ]);
  return [...changed, { what: 'has one member more', value: fromEntries([...members, ['more', 1]]) }];
}

function fromEntries(members: readonly (readonly [string, JsonValue])[]): JsonValue {
  return Object.fromEntries(members) as JsonValue;
}

const json: HeaderList = [['Content-Type', 'application/json']];

describe.each(Object.entries(bodies))('the answer %s', (_name, text) => {
  const recorded: ExchangeSketch = { method: 'GET', target: '/thing', responseHeaders: json, responseBody: text };
  const value = parseJson(text) ?? null;

  it('is equal to itself, also with other spaces and member order', () => {
    expect(judgeOne(recorded, {})).toEqual({ differences: [], excused: [] });
    const spaced = text.replace(/([,:])(?=["[{\d-])/g, '$1 ');
    expect(told(judgeOne(recorded, { responseBody: ` ${spaced}\n` }))).toEqual([]);
  });

  it('differs under every single change', () => {
    const mutations = mutationsOf(value);
    const unseen = mutations.filter(({ body }) => judgeOne(recorded, { responseBody: body }).differences.length === 0);
    expect(mutations.length).toBeGreaterThan(5);
    expect(unseen.map(({ what }) => what)).toEqual([]);
  });

  it('differs in another status', () => {
    expect(told(judgeOne(recorded, { status: 201 }))).toEqual(['status changed 200 -> 201']);
  });
});

describe('headers', () => {
  const headers: HeaderList = [
    ['Content-Type', 'application/json'],
    ['Cache-Control', 'no-store'],
    ['X-Total', '41'],
    ['Link', '</a>; rel="next"'],
    ['Link', '</b>; rel="prev"'],
    ['Set-Cookie', 'theme=dark; Path=/; SameSite=Lax'],
    ['Set-Cookie', 'lang=de; Path=/'],
    ['Date', 'Fri, 20 Nov 2026 10:00:00 GMT'],
    ['ETag', '"abc"'],
    ['X-Candidate-Id', 'c-1'],
  ];
  const recorded: ExchangeSketch = { target: '/thing', responseHeaders: headers, responseBody: '{"a":1}' };

  it.each(headers.map(([name, value], i) => [`${name}: ${value}`, i] as const))('that lose %s differ', (_, i) => {
    expect(judgeOne(recorded, { responseHeaders: headers.toSpliced(i, 1) }).differences).not.toEqual([]);
  });

  const judged = headers.map((field, i) => ({ field, i })).filter(({ field }) => !['Date', 'ETag'].includes(field[0]));
  it.each(judged.map(({ field: [name, value], i }) => [`${name}: ${value}`, i] as const))(
    'that change %s differ',
    (_, i) => {
      const [name = '', value = ''] = headers[i] ?? [];
      const changed = headers.toSpliced(i, 1, [name, `${value}1`]);
      expect(judgeOne(recorded, { responseHeaders: changed }).differences).not.toEqual([]);
    },
  );

  it('that gain one differ', () => {
    const judgement = judgeOne(recorded, { responseHeaders: [...headers, ['X-Debug', 'on']] });
    expect(told(judgement)).toEqual(['header["x-debug"] added null -> "on"']);
  });

  it('in another case and order are equal', () => {
    const turned = headers.toReversed().map(([name, value]) => [name.toUpperCase(), value] as const);
    const swappedLinks = turned.filter(([name]) => name !== 'LINK').concat(headers.slice(3, 5));
    expect(told(judgeOne(recorded, { responseHeaders: swappedLinks }))).toEqual([]);
  });
});
