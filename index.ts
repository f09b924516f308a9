/** The library entry: what configuration files and generated suites import. Nothing else is public. */
export { type CommandSettings, defineConfig, type WiretapeConfig } from './cli/config';
export type { CaseDescription, MockDescription, MocksFile, SuiteSettings } from './replayer/suite/description';
export { type Suite, type SuiteOptions, suite } from './replayer/suite/suite';
