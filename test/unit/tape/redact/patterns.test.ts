import { createDetection } from '../../../../tape/redact/detection';
import { findPatterns } from '../../../../tape/redact/known-formats';
import { patternRules } from '../../../../tape/redact/patterns';
import { filled, patternTemplates, randomFrom } from '../../../support/secrets';

const { isSuspiciousText } = createDetection();

const samples = Object.entries(patternTemplates).flatMap(([rule, templates]) =>
  templates.map((template) => [rule, template] as const),
);

it('has a sample for every rule that goes by looks', () => {
  expect(Object.keys(patternTemplates).sort()).toEqual([...patternRules].sort());
});

describe.each(samples)('%s, as in %s', (rule, template) => {
  const secret = filled(template, randomFrom(7));
  const around = [
    (s: string) => s,
    (s: string) => `see ${s} here`,
    (s: string) => `"${s}"`,
    (s: string) => `a=${s}&b=1`,
    (s: string) => `/x/${s}/y`,
    (s: string) => `<td>${s}</td>`,
    (s: string) => `(${s}),\n`,
  ];

  it('is found in any surroundings, by its own rule', () => {
    for (const put of around) {
      const text = put(secret);
      expect(isSuspiciousText(text)).toBe(true);
      expect(findPatterns(text, false).map((found) => found.rule)).toContain(rule);
    }
  });

  it('is found at every alignment of the cheap look', () => {
    for (let offset = 0; offset < 40; offset++)
      expect(isSuspiciousText(`${'. '.repeat(offset)}${secret} .`)).toBe(true);
  });
});

it.each([
  ['the id of a key of Twilio', 'SK0123456789abcdef0123456789abcdef'],
  ['a UUID', '0b9c6a1e-7f3d-4e5a-9b1c-2d3e4f5a6b7c'],
  ['a SHA-256', '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
  ['a pagination cursor', 'eyJpZCI6MTAwLCJkaXIiOiJhc2MifQ'],
  ['a slug', 'the-quick-brown-fox-jumps-over-the-lazy-dog'],
  ['a trace context', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
  ['an e-mail address', 'jane.doe+news@example.com'],
  ['a MongoDB id', '507f1f77bcf86cd799439011'],
  ['a ULID', '01ARZ3NDEKTSV4RRFFQ69G5FAV'],
  ['a date', '2026-11-20T10:00:00.123456Z'],
  ['a media type', 'application/vnd.example.customer-list+json'],
  ['prose', 'Basic troubleshooting and bearer bonds, task-force, sk-learn'],
  ['a base64 image', 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg'],
])('leaves %s', (_, text) => {
  expect(findPatterns(text, true)).toEqual([]);
});

it.each([
  'eyJ-'.repeat(100_000),
  `eyJ${'a'.repeat(400_000)}`,
  '-----BEGIN PRIVATE KEY-----'.repeat(5000),
  `${'M'.repeat(26)}.`.repeat(10_000),
  'sk-proj-'.repeat(50_000),
  'Bearer '.repeat(50_000),
  `Basic ${'a'.repeat(200_000)}`,
  '1'.repeat(300_000),
  'xoxb-'.repeat(50_000),
])('does not lose itself in %.20s…', (text) => {
  findPatterns(text, true); // jest's own limit is the judge: backtracking would take minutes
});
