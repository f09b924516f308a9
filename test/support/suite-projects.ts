/** Projects as users have them, with wiretape installed, a generated suite in them, and its test runner as npx runs it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandResult, runWiretape, withoutSettings } from './command';
import { generatedPackages } from './generated';
import { root } from './source-tree';

export interface SuiteRunner {
  readonly name: 'jest' | 'vitest';
  /** What `npm run test:generated` has to have installed for it. */
  readonly needs: readonly string[];
  /** What Node.js is started with. */
  readonly command: readonly string[];
  /** Puts wiretape, and what the runner needs besides, into a folder of packages. */
  install(packages: string): void;
  /** The line that counts tests, as the runner prints it. */
  counts(counts: Counts): RegExp;
}

export interface Counts {
  readonly failed?: number;
  readonly skipped?: number;
  readonly passed?: number;
}

/** That of this checkout. */
export const jestRunner: SuiteRunner = {
  name: 'jest',
  needs: [],
  command: [join(root, 'node_modules/jest/bin/jest.js')],
  install: (packages) => symlinkSync(root, join(packages, 'wiretape')),
  counts: ({ failed = 0, skipped = 0, passed = 0 }) =>
    countLine(':', [failed, 'failed'], [skipped, 'skipped'], [passed, 'passed'], [failed + skipped + passed, 'total']),
};

export const vitestRunner: SuiteRunner = {
  name: 'vitest',
  needs: ['vitest'],
  command: [join(generatedPackages, 'vitest/vitest.mjs'), 'run'],
  /** It lies there as an installed package does, since Vitest looks at that. */
  install(packages) {
    mkdirSync(join(packages, 'wiretape'), { recursive: true });
    for (const part of ['dist', 'package.json'])
      cpSync(join(root, part), join(packages, 'wiretape', part), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(packages, 'wiretape/node_modules'));
    for (const library of ['vitest', 'vite']) symlinkSync(join(generatedPackages, library), join(packages, library));
  },
  counts: ({ failed = 0, skipped = 0, passed = 0 }) =>
    countLine('', [failed, 'failed'], [passed, 'passed'], [skipped, 'skipped']),
};

function countLine(mark: string, ...counts: readonly (readonly [count: number, of: string])[]): RegExp {
  const told = counts.filter(([count]) => count > 0).map(([count, of]) => `${count} ${of}`);
  return new RegExp(`Tests${mark} +${told.join('(?:,| \\|) ')}`);
}

export interface SuiteRun {
  readonly status: number | null;
  readonly output: string;
}

/** Projects of one runner, in a folder that `remove` takes away. */
export class SuiteProjects {
  readonly folder = mkdtempSync(join(tmpdir(), 'wiretape-suites-'));

  constructor(private readonly runner: SuiteRunner) {}

  make(name: string, type: 'commonjs' | 'module' = 'commonjs'): void {
    const packages = join(this.folder, name, 'node_modules');
    mkdirSync(packages, { recursive: true });
    this.runner.install(packages);
    writeFileSync(join(this.folder, name, 'package.json'), JSON.stringify({ name: 'shop', type }));
  }

  /** Writes the suite of a tape of the folder, into `test/wiretape` of the project. */
  generate(project: string, tape: string, args: readonly string[] = []): Promise<CommandResult> {
    const all = ['generate', join('..', tape), '--to', this.runner.name, '--out', suite, ...args];
    return runWiretape(all, { cwd: join(this.folder, project) });
  }

  /** A copy of a project whose file of the suite was edited. */
  edited(project: string, name: string, edit: (text: string) => string, file = 'setup.js'): string {
    cpSync(join(this.folder, project), join(this.folder, name), { recursive: true, verbatimSymlinks: true });
    const path = this.pathOf(name, file);
    writeFileSync(path, edit(readFileSync(path, 'utf8')));
    return name;
  }

  pathOf(project: string, file: string): string {
    return join(this.folder, project, suite, file);
  }

  /** No configuration, no flags but those given. */
  async run(
    project: string,
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<SuiteRun> {
    const { NODE_ENV: _, JEST_WORKER_ID: __, ...inherited } = withoutSettings(process.env);
    const child = spawn(process.execPath, [...this.runner.command, ...args], {
      cwd: join(this.folder, project),
      env: { ...inherited, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const [status] = (await once(child, 'close')) as [number | null];
    return { status, output };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const suite = 'test/wiretape';
