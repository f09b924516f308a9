/**
 * Shared code never asks which protocol an exchange is of: what differs between protocols is asked of their models and
 * views. A new protocol is then a folder in each place that has to know it, and a line in its registry.
 */
import { protocolNames } from '../../tape/model/registry';
import { productSources } from '../support/source-tree';

/** Where a protocol may be called by its name: folders of one protocol, and registries. */
const own =
  /(^|\/)(registry|contents)\.ts$|^(recorder\/parse|tape\/model|cli\/contents|replayer\/mocks\/hosts)\/[a-z0-9]+(\/|\.ts$)/;

/** Files that are about one protocol and lie elsewhere, each with its reason. */
const exceptions: Record<string, string> = {
  'tape/store/sqlite/migrations/second.ts': 'the view of raw streams is of one protocol by its purpose',
};

const sources = productSources();
const names = protocolNames.join('|');
const asked = new RegExp(
  `\\bprotocol\\b\\s*(?:===?|!==?|=|:)\\s*'(?:${names})'|case '(?:${names})':|<'(?:${names})'>|ExchangeOf<'`,
);

it('calls no protocol by its name outside its own folders and the registries', () => {
  const wrong = sources
    .filter(({ path }) => !own.test(path) && exceptions[path] === undefined)
    .flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, i) => (asked.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [])),
    );
  expect(wrong).toEqual([]);
});

it.each(Object.entries(exceptions))('%s is there to be excepted: %s', (file) => {
  const source = sources.find(({ path }) => path === file);
  expect(source?.text).toMatch(asked);
});
