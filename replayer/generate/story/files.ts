/**
 * A tape's exchanges as the files of a test suite, whichever runner plays it: one story, in a file for each group of
 * endpoints. Knows no runner; what differs between them it is told (runner.ts).
 */
import { setOfFiles } from '../../../tape/body/protobuf/schemas';
import { isDescribed } from '../../../tape/model/schemas';
import type { StoredExchange } from '../../../tape/store/tape';
import { casesFrom, isSent, type SentCase, type SkippedCase } from '../../cases/cases';
import { mocksFrom } from '../../mocks/mock';
import { describeCase, describeMock } from '../../suite/describe';
import type { KeepBody } from '../../suite/describe-body';
import type { MocksFile, SuiteSettings } from '../../suite/description';
import {
  type Generated,
  type GeneratedFile,
  type GeneratorOptions,
  type LeftOut,
  textFile,
  yourFile,
} from '../generator';
import { carriedInto } from './carried';
import { endpointSource } from './endpoint-file';
import { type EndpointGroup, groupsOf, type NamedCase, slugOf } from './groups';
import type { Runner } from './runner';
import { emptyNoise, entrySource, setupSource } from './setup-file';

/** `exchanges` are the inbound ones to play again and the outbound ones to answer from. */
export function storyFiles(runner: Runner, exchanges: readonly StoredExchange[], options: GeneratorOptions): Generated {
  const all = casesFrom(exchanges);
  const cases = all.filter(isSent);
  const leftOut = all.filter((each) => !isSent(each)).map(leftOutOf);
  const bodies = new Bodies();
  const endpoints = endpointFiles(cases, { exchanges, bodies, runner });
  const mocks = describedMocks(exchanges, bodies);
  const protoSet = exchanges.some(({ exchange }) => isDescribed(exchange)) ? setOfFiles(options.protoFiles) : null;
  const settings = settingsFor(options, { hasMocks: mocks.length > 0, hasProtoSet: protoSet !== null });
  const groups = groupsOf(cases).toSorted((a, b) => firstStep(a) - firstStep(b));
  const files = [
    ...endpoints,
    ...bodies.files,
    ...(mocks.length === 0 ? [] : [mocksFile(mocks, options.tapeName)]),
    ...(protoSet === null ? [] : [{ path: protoSetName, bytes: protoSet, yours: false }]),
    textFile(entryName, entrySource(groups, { hasMocks: mocks.length > 0, leftOut, runner })),
    textFile('package.json', packageText(runner)),
    textFile('.gitattributes', attributesText(protoSet !== null)),
    yourFile('setup.js', setupSource(settings, runner)),
    yourFile('noise.yaml', options.noise ?? emptyNoise),
    ...(options.accepted === undefined ? [] : [yourFile('accepted.yaml', options.accepted)]),
    ...(options.redact === null ? [] : [yourFile('redact.yaml', options.redact)]),
  ];
  return {
    files: files.sort((a, b) => (a.path < b.path ? -1 : 1)),
    counts: [
      { count: cases.length, of: 'test' },
      { count: mocks.length, of: 'mock' },
    ],
    leftOut,
    saidIn: entryName,
  };
}

const protoSetName = 'descriptors.binpb';
const entryName = 'replay.test.js';

/** A .js file is what the nearest package.json says: these are of one kind in any project. */
function packageText({ moduleType }: Runner): string {
  return `{\n  "private": true,\n  "type": "${moduleType}"\n}\n`;
}

function attributesText(hasProtoSet: boolean): string {
  const set = hasProtoSet ? `${protoSetName} -text\n` : '';
  return `# Bodies are compared and sent byte for byte.\nbodies/** -text\n${set}`;
}

interface Making {
  readonly exchanges: readonly StoredExchange[];
  readonly bodies: Bodies;
  readonly runner: Runner;
}

function endpointFiles(cases: readonly SentCase[], { exchanges, bodies, runner }: Making): readonly GeneratedFile[] {
  const carried = carriedInto(cases);
  const stored = new Map(exchanges.map((each) => [each.id, each]));
  const describe = ({ testCase, step, title }: NamedCase) =>
    describeCase(stored.get(testCase.id) ?? testCase.stored, step, bodies.keeperFor(`${pad(step)}-${slugOf(title)}`));
  return groupsOf(cases).map((group) =>
    textFile(`endpoints/${group.slug}.js`, endpointSource({ group, carried, describe, runner })),
  );
}

/** Each as the bytes it has in its file: as text or values those of a long tape would be held several times, and be longer than one text may be. */
function describedMocks(exchanges: readonly StoredExchange[], bodies: Bodies): readonly Buffer[] {
  const { mocks, refusals } = mocksFrom(exchanges);
  const usable = new Map([...mocks, ...refusals].map((mock) => [mock.id, mock]));
  return exchanges.flatMap((stored) => {
    const mock = usable.get(stored.id);
    if (mock === undefined) return [];
    const described: MocksFile['exchanges'][number] = describeMock(
      stored,
      mock,
      bodies.keeperFor(`mock-${slugOf(stored.id)}`),
    );
    return [Buffer.from(JSON.stringify(described, null, 2).replaceAll('\n', '\n    '))];
  });
}

/** A `MocksFile`, laid out as JSON.stringify does. */
function mocksFile(mocks: readonly Buffer[], tapeName: string): GeneratedFile {
  const about = `Calls of the service to its dependencies and their answers, from ${tapeName}. Generated by wiretape.`;
  const head = Buffer.from(`{\n  "about": ${JSON.stringify(about)},\n  "exchanges": [\n    `);
  const between = Buffer.from(',\n    ');
  const exchanges = mocks.flatMap((mock, i) => (i === 0 ? [mock] : [between, mock]));
  return { path: 'mocks.json', bytes: Buffer.concat([head, ...exchanges, Buffer.from('\n  ]\n}\n')]), yours: false };
}

function settingsFor(
  { settings, redact, accepted }: GeneratorOptions,
  { hasMocks, hasProtoSet }: { readonly hasMocks: boolean; readonly hasProtoSet: boolean },
): SuiteSettings {
  return {
    ...settings,
    ...(hasMocks ? { mocks: './mocks.json' } : {}),
    noise: './noise.yaml',
    ...(accepted === undefined ? {} : { accepted: './accepted.yaml' }),
    ...(hasProtoSet ? { protoSet: `./${protoSetName}` } : {}),
    ...(redact === null ? {} : { redact: './redact.yaml' }),
  };
}

function leftOutOf({ id, name, reason, detail }: SkippedCase): LeftOut {
  return { id, name, reason, detail };
}

function firstStep(group: EndpointGroup): number {
  return group.cases[0]?.step ?? 0;
}

/** Bodies that get a file of their own. */
class Bodies {
  readonly files: GeneratedFile[] = [];

  keeperFor(name: string): KeepBody {
    return (bytes, { part, extension }) => {
      const path = `bodies/${name}.${part}.${extension}`;
      this.files.push({ path, bytes, yours: false });
      return path;
    };
  }
}

function pad(step: number): string {
  return String(step).padStart(3, '0');
}
