import { didYouMean } from '../../../errors/did-you-mean';

it.each([
  ['timout', 'timeout'],
  ['inclued', 'include'],
  ['incl', 'include'],
  ['rpelay', 'replay'],
  ['sohw', 'show'],
  ['l', 'ls'],
  ['frobnicate', undefined],
  ['', undefined],
])('for %j means %j', (typed, meant) => {
  expect(didYouMean(typed, ['timeout', 'include', 'exclude', 'replay', 'record', 'show', 'ls'])).toBe(meant);
});
