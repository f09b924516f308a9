/**
 * The library entry: what tests of your own use (`startMocks`, `openTape`), what configuration files use (`defineConfig`),
 * and what generated suites import. Nothing else is public.
 */
export { type CommandSettings, defineConfig, type WiretapeConfig } from './cli/config';
export {
  type Mocks,
  type MocksOptions,
  openTape,
  startMocks,
  type Tape,
  type TapeBody,
  type TapeExchange,
  type TapeFilter,
  type TapeMessage,
  type TapeRequest,
  type TapeResponse,
  type TapeSession,
} from './replayer/library';
export type { CaseDescription, MockDescription, MocksFile, SuiteSettings } from './replayer/suite/description';
export { type Suite, type SuiteOptions, suite } from './replayer/suite/suite';
