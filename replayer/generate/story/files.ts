/**
 * A tape's exchanges as the files of a test suite, whichever runner plays it: one story, in a file for each group of
 * endpoints. Knows no runner; what differs between them it is told (runner.ts).
 */
import { setOfFiles } from '../../../tape/body/protobuf/schemas';
import { isDescribed } from '../../../tape/model/schemas';
import type { StoredExchange } from '../../../tape/store/tape';
import { GatheredCases, isSent, type SentCase, type SkippedCase, type TestCase } from '../../cases/cases';
import { leanBy, type ReadAgain, wholeCase } from '../../cases/lean';
import { dependenciesNamed } from '../../mocks/served';
import { draftOf } from '../../mocks/sorting';
import { describeCase, describeMock } from '../../suite/describe';
import type { KeepBody } from '../../suite/describe-body';
import type { MocksFile as MocksFileText, SuiteSettings } from '../../suite/description';
import {
  type BeginFile,
  type Generated,
  type GeneratedFile,
  type GeneratorOptions,
  type GrowingFile,
  heldFile,
  type LeftOut,
  type Recorded,
  textFile,
  yourFile,
} from '../generator';
import { carriedInto } from './carried';
import { endpointSource } from './endpoint-file';
import { collectionIn, type EndpointGroup, groupsOf, type NamedCase, slugOf } from './groups';
import type { Runner } from './runner';
import { emptyNoise, entrySource, setupSource } from './setup-file';

/** `exchanges` are the inbound ones to play again and the outbound ones to answer from. */
export function storyFiles(runner: Runner, exchanges: Recorded, options: GeneratorOptions): Generated {
  const begin = options.begin ?? heldFile;
  const bodies = new Bodies(begin);
  const read = readOnce(exchanges, new MocksFile(options.tapeName, { begin, bodies }));
  const { all, mocks, isAnyDescribed } = read;
  const cases = all.filter(isSent);
  const leftOut = all.filter((each) => !isSent(each)).map(leftOutOf);
  const bySlug = groupsOf(cases, ({ id }) => read.collections.get(id) ?? '');
  const endpoints = endpointFiles(bySlug, { originalOf: originalsOf(exchanges), cases, bodies, runner, begin });
  const protoSet = isAnyDescribed ? setOfFiles(options.protoFiles) : null;
  const hasMocks = mocks.count > 0;
  const settings = settingsFor(options, { hasMocks, hasProtoSet: protoSet !== null });
  const groups = bySlug.toSorted((a, b) => firstStep(a) - firstStep(b));
  const files = [
    ...endpoints,
    ...bodies.files,
    ...mocks.files(),
    ...(protoSet === null ? [] : [{ path: protoSetName, bytes: protoSet, yours: false }]),
    textFile(entryName, entrySource(groups, { hasMocks, leftOut, runner })),
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
      { count: mocks.count, of: 'mock' },
    ],
    leftOut,
    saidIn: entryName,
  };
}

interface ReadOnce {
  readonly all: readonly TestCase[];
  /** What each case that is sent deals with, by its id. */
  readonly collections: ReadonlyMap<string, string>;
  readonly mocks: MocksFile;
  /** Whether fields of messages of protobuf have names in one of them. */
  readonly isAnyDescribed: boolean;
}

/** Goes through the exchanges once: a mock is written when it comes, and a case is held as lightly as it may be. */
function readOnce(exchanges: Recorded, mocks: MocksFile): ReadOnce {
  const { again } = exchanges;
  const lighten = again === undefined ? (test: TestCase) => test : leanBy(again);
  const collections = new Map<string, string>();
  const known = new Map<string, string>();
  const cases = new GatheredCases((test) => {
    if (!isSent(test)) return lighten(test);
    const collection = collectionIn(test);
    if (!known.has(collection)) known.set(collection, collection);
    collections.set(test.id, known.get(collection) ?? collection);
    return lighten(test);
  });
  let isAnyDescribed = false;
  for (const stored of exchanges) {
    cases.add(stored);
    mocks.add(stored);
    isAnyDescribed ||= isDescribed(stored.exchange);
  }
  return { all: cases.all(), collections, mocks, isAnyDescribed };
}

/** Cases may have other places than their exchanges, which are what is described. */
function originalsOf(exchanges: Recorded): (test: SentCase) => StoredExchange {
  const { again } = exchanges;
  if (again !== undefined) return (test) => originalOf(test, again);
  const byId = new Map([...exchanges].map((stored) => [stored.id, stored]));
  return (test) => byId.get(test.id) ?? test.stored;
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

/** A case that is read again comes with it. */
function originalOf(test: SentCase, again: ReadAgain): StoredExchange {
  const { stored } = wholeCase(test);
  if (stored.exchange.messages.length === 0) return stored;
  const [original = stored] = again([test.id]);
  return original;
}

interface Making {
  readonly cases: readonly SentCase[];
  readonly originalOf: (test: SentCase) => StoredExchange;
  readonly bodies: Bodies;
  readonly runner: Runner;
  readonly begin: BeginFile;
}

function endpointFiles(
  groups: readonly EndpointGroup[],
  { cases, originalOf, bodies, runner, begin }: Making,
): readonly GeneratedFile[] {
  const carried = carriedInto(cases);
  const describe = ({ testCase, step, title }: NamedCase) =>
    describeCase(originalOf(testCase), step, bodies.keeperFor(`${pad(step)}-${slugOf(title)}`));
  return groups.map((group) => {
    const file = begin(`endpoints/${group.slug}.js`);
    for (const text of endpointSource({ group, carried, describe, runner })) file.add(text);
    return file.end();
  });
}

interface MocksMaking {
  readonly begin: BeginFile;
  readonly bodies: Bodies;
}

/** A `MocksFile`, laid out as JSON.stringify does; of a long tape it is longer than one text may be. */
class MocksFile {
  count = 0;
  private file: GrowingFile | null = null;

  constructor(
    private readonly tapeName: string,
    private readonly making: MocksMaking,
  ) {}

  /** What is no mock is passed over. */
  add(stored: StoredExchange): void {
    if (stored.exchange.connection.direction !== 'outbound') return;
    const draft = draftOf(stored, byWhatIsAsked);
    if (draft?.kind !== 'mock' && draft?.kind !== 'refusal') return;
    const keep = this.making.bodies.keeperFor(`mock-${slugOf(stored.id)}`);
    const mock = draft.kind === 'mock' ? draft.mock : draft;
    const described: MocksFileText['exchanges'][number] = describeMock(stored, mock, keep);
    const file = this.file ?? this.begun();
    file.add(this.count === 0 ? '\n    ' : ',\n    ');
    file.add(JSON.stringify(described, null, 2).replaceAll('\n', '\n    '));
    this.count++;
  }

  /** None where there is no mock. */
  files(): readonly GeneratedFile[] {
    if (this.file === null) return [];
    this.file.add('\n  ]\n}\n');
    return [this.file.end()];
  }

  private begun(): GrowingFile {
    this.file = this.making.begin('mocks.json');
    const about = `Calls of the service to its dependencies and their answers, from ${this.tapeName}. Generated by wiretape.`;
    this.file.add(`{\n  "about": ${JSON.stringify(about)},\n  "exchanges": [`);
    return this.file;
  }
}

/** Whose a refused connect is counted to does not stand in the file, so that nobody needs to have named its address. */
const byWhatIsAsked = dependenciesNamed(new Map());

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

  constructor(private readonly begin: BeginFile) {}

  keeperFor(name: string): KeepBody {
    return (bytes, { part, extension }) => {
      const path = `bodies/${name}.${part}.${extension}`;
      const file = this.begin(path);
      file.add(bytes);
      this.files.push(file.end());
      return path;
    };
  }
}

function pad(step: number): string {
  return String(step).padStart(3, '0');
}
