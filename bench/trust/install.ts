/** Brings the real applications into build/trust through npm, pip and Go, each version pinned in packages/, and through apt. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const packages = join(__dirname, 'packages');

interface Step {
  readonly name: string;
  /** Where these are as they were installed, nothing is done. */
  readonly files: readonly string[];
  readonly commands: readonly (readonly string[])[];
}

/** Says what could not be had; the applications that need it are then not measured. */
export function installApplications(folder: string): readonly string[] {
  const python = join(folder, 'py');
  const steps: readonly Step[] = [
    {
      name: 'npm',
      files: ['package.json', 'package-lock.json'],
      commands: [['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund']],
    },
    {
      name: 'pip',
      files: ['requirements.txt'],
      commands: [
        ['python3', '-m', 'venv', python],
        [join(python, 'bin/pip'), 'install', '-q', '-r', join(packages, 'requirements.txt')],
      ],
    },
    {
      name: 'go',
      files: ['go.txt'],
      commands: [
        [
          'sh',
          '-c',
          'for each in $(cat go.txt); do GOBIN="$PWD/go" GOFLAGS=-mod=mod go install "$each" || exit 1; done',
        ],
      ],
    },
    {
      name: 'apt',
      files: ['apt.txt'],
      commands: [
        ['sh', '-c', 'mkdir -p apt && cd apt && apt-get download -qq $(cat ../apt.txt)'],
        ['sh', '-c', 'cd apt && for each in *.deb; do dpkg -x "$each" . || exit 1; done'],
      ],
    },
  ];
  mkdirSync(folder, { recursive: true });
  return steps.flatMap((step) => carryOut(step, folder));
}

function carryOut({ name, files, commands }: Step, folder: string): readonly string[] {
  const stamp = join(folder, `${name}.installed`);
  const wanted = files.map((file) => readFileSync(join(packages, file), 'utf8')).join('\n');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return [];
  for (const file of files) copyFileSync(join(packages, file), join(folder, file));
  for (const [command = '', ...args] of commands) {
    const { status, stderr, error } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0)
      return [`${name}: ${command} ended with ${status}: ${error?.message ?? stderr.trim().split('\n').at(-1)}`];
  }
  writeFileSync(stamp, wanted);
  return [];
}
