/** The library entry: what configuration files and generated suites import. Nothing else is public. */
export { type CommandSettings, defineConfig, type WiretapeConfig } from './cli/config';
