import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig, loadConfig, settingsFor } from '../../../cli/config';
import { WiretapeError } from '../../../errors/wiretape-error';
import { itAsRoot, nobody } from '../../support/privileged';
import { runSource } from '../../support/sources';

jest.setTimeout(30_000); // modules are tried in processes of their own

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'wiretape-config-')));
});
afterEach(() => rmSync(folder, { recursive: true }));

const commands = ['replay', 'record'];
const replay = {
  command: 'replay',
  options: ['include', 'noise', 'timeout', 'host-header', 'concurrency', 'allow-skipped'],
  lists: ['include'],
  switches: ['allow-skipped'],
};

function settings(content: object | undefined, env: NodeJS.ProcessEnv = {}) {
  if (content !== undefined) writeFileSync(join(folder, 'wiretape.config.json'), JSON.stringify(content));
  return settingsFor(replay, { env, loaded: loadConfig(folder, commands) });
}

function errorOf(run: () => unknown): WiretapeError {
  try {
    run();
  } catch (error) {
    if (error instanceof WiretapeError) return error;
  }
  throw new Error('nothing was refused');
}

it('is nothing where there is no file', () => {
  expect(loadConfig(folder, commands)).toBeUndefined();
  expect(settings(undefined)).toEqual({});
});

it('is the nearest file upward, to the root of the project and no further', () => {
  writeFileSync(join(folder, 'wiretape.config.json'), '{"include":"GET a/**"}');
  mkdirSync(join(folder, 'a/b'), { recursive: true });
  expect(loadConfig(join(folder, 'a/b'), commands)).toBeUndefined();
  writeFileSync(join(folder, 'package.json'), '{}');
  expect(loadConfig(join(folder, 'a/b'), commands)?.file).toBe(join(folder, 'wiretape.config.json'));
  writeFileSync(join(folder, 'a/wiretape.config.json'), '{}');
  expect(loadConfig(join(folder, 'a/b'), commands)?.file).toBe(join(folder, 'a/wiretape.config.json'));
});

describe('a file that somebody else could have written', () => {
  const file = () => join(folder, 'wiretape.config.json');
  const distrusted = (run: () => unknown) => {
    const { code, exitStatus, seen } = errorOf(run);
    return [code, exitStatus, ...seen];
  };
  beforeEach(() => writeFileSync(file(), '{"noise":"shop.noise.yaml"}'));

  it.each([0o777, 0o1777, 0o757])('is refused: a folder of mode %o', (mode) => {
    chmodSync(folder, mode);
    const shown = mode.toString(8).padStart(4, '0');
    expect(distrusted(() => loadConfig(folder, commands))).toEqual([
      'CONFIG_UNTRUSTED',
      2,
      `everybody may write ${folder} (mode ${shown})`,
    ]);
  });

  it('is refused: a file that everybody may write', () => {
    chmodSync(file(), 0o646);
    expect(distrusted(() => loadConfig(folder, commands))).toEqual([
      'CONFIG_UNTRUSTED',
      2,
      `everybody may write ${file()} (mode 0646)`,
    ]);
  });

  it('is no file that is looked for: a folder above that everybody may write is nobody’s project', () => {
    mkdirSync(join(folder, 'mine'));
    writeFileSync(join(folder, 'package.json'), '{}');
    expect(loadConfig(join(folder, 'mine'), commands)?.file).toBe(file());
    chmodSync(folder, 0o1777);
    expect(loadConfig(join(folder, 'mine'), commands)).toBeUndefined();
  });

  it('is refused behind a link: what it leads to counts', () => {
    const elsewhere = join(folder, 'elsewhere');
    mkdirSync(elsewhere);
    renameSync(file(), join(elsewhere, 'config.json'));
    symlinkSync(join(elsewhere, 'config.json'), file());
    expect(loadConfig(folder, commands)?.file).toBe(file());
    chmodSync(elsewhere, 0o777);
    expect(distrusted(() => loadConfig(folder, commands))[0]).toBe('CONFIG_UNTRUSTED');
  });

  it.each(['noise', 'redact', 'ca'])('is refused where the configuration names it: %s', (name) => {
    const rules = join(folder, 'rules');
    mkdirSync(rules);
    writeFileSync(join(rules, 'shop.yaml'), '');
    const known = { ...replay, options: [...replay.options, 'redact', 'ca'] };
    writeFileSync(file(), JSON.stringify({ replay: { [name]: 'rules/shop.yaml' } }));
    const read = () => settingsFor(known, { env: {}, loaded: loadConfig(folder, commands) });
    expect(read()).toEqual({ [name]: join(rules, 'shop.yaml') });
    chmodSync(rules, 0o777);
    expect(distrusted(read)).toEqual(['CONFIG_UNTRUSTED', 2, `everybody may write ${rules} (mode 0777)`]);
  });

  itAsRoot("is refused: somebody else's, unless it is that of the one who called sudo", () => {
    for (const path of [folder, file()]) chownSync(path, nobody, nobody);
    expect(distrusted(() => loadConfig(folder, commands))).toEqual([
      'CONFIG_UNTRUSTED',
      2,
      `${folder} belongs to nobody (user ${nobody})`,
    ]);
    chownSync(folder, 0, 0);
    expect(distrusted(() => loadConfig(folder, commands))[0]).toBe('CONFIG_UNTRUSTED');
    process.env.SUDO_UID = process.env.SUDO_GID = String(nobody);
    try {
      expect(loadConfig(folder, commands)?.file).toBe(file());
    } finally {
      delete process.env.SUDO_UID;
      delete process.env.SUDO_GID;
    }
  });

  describe('code', () => {
    // What it exports says who ran it, and comes back in the refusal of the filter.
    const code = 'console.log("noise on stdout"); module.exports = { include: "uid-" + process.getuid() };';
    const ls = (env: NodeJS.ProcessEnv = {}) => runSource('cli/main.ts', ['ls', 'no.tape'], { cwd: folder, env });
    beforeEach(() => {
      rmSync(file());
      writeFileSync(join(folder, 'wiretape.config.js'), code);
      for (const path of [folder, join(folder, 'wiretape.config.js')]) {
        if (process.getuid?.() === 0) chownSync(path, nobody, nobody);
      }
    });

    itAsRoot('of another owner is never run by root', async () => {
      const { status, stderr, stdout } = await ls();
      expect([status, stdout, stderr.split(' ')[0]]).toEqual([2, '', 'CONFIG_UNTRUSTED']);
    });

    itAsRoot('of the one who called sudo is run as that user', async () => {
      const { status, stderr, stdout } = await ls({ SUDO_UID: String(nobody), SUDO_GID: String(nobody) });
      expect([status, stdout, stderr.split('\n')[0]]).toEqual([
        2,
        '',
        `BAD_FILTER  Cannot read the filter "uid-${nobody}": it is not METHOD host/path`,
      ]);
    });

    itAsRoot('that fails says what it said', async () => {
      writeFileSync(join(folder, 'wiretape.config.js'), 'throw new TypeError("no such thing");');
      const { status, stderr } = await ls({ SUDO_UID: String(nobody), SUDO_GID: String(nobody) });
      expect(status).toBe(2);
      expect(stderr).toMatch(
        /^BAD_CONFIG {2}Cannot use .*: user 65534, whose code it is, cannot run it\n {2}seen {6}TypeError: no such thing\n/,
      );
    });
  });
});

it.each([
  ['wiretape.config.js', 'module.exports = { replay: { timeout: "5s" } };'],
  ['wiretape.config.js', 'export default { replay: { timeout: "5s" } };'],
  ['wiretape.config.ts', 'const timeout: string = "5s";\nexport default { replay: { timeout } };'],
])('may be a module: %s', async (name, content) => {
  writeFileSync(join(folder, name), content);
  // Types are stripped and ES modules required by Node.js itself, which jest replaces: ask a real one.
  const { stderr } = await runSource('cli/main.ts', ['replay', 'no.tape', '--target', 'http://127.0.0.1:1'], {
    cwd: folder,
  });
  expect(stderr).not.toContain('BAD_CONFIG');
  writeFileSync(join(folder, name), content.replace('timeout', 'timout').replace('{ timeout }', '{ timout }'));
  const refused = await runSource('cli/main.ts', ['replay', 'no.tape', '--target', 'http://127.0.0.1:1'], {
    cwd: folder,
  });
  expect([refused.status, refused.stderr.split(':')[0]]).toEqual([2, `BAD_CONFIG  Cannot use ${join(folder, name)}`]);
});

it('holds options of all commands, and sections that override them', () => {
  expect(settings({ include: ['GET a/**'], replay: { timeout: '5s', concurrency: 4, allowSkipped: true } })).toEqual({
    include: ['GET a/**'],
    timeout: '5s',
    concurrency: 4,
    'allow-skipped': true,
  });
  expect(settings({ include: 'GET a/**', replay: { include: 'GET b,c/**' } })).toEqual({ include: ['GET b,c/**'] });
});

it('takes paths from the folder of the file, wherever the command runs', () => {
  expect(settings({ noise: 'shop.noise.yaml' })).toEqual({ noise: join(folder, 'shop.noise.yaml') });
});

it('gives way to the environment', () => {
  const env = {
    WIRETAPE_TIMEOUT: '9s',
    WIRETAPE_HOST_HEADER: 'a.test',
    WIRETAPE_INCLUDE: 'GET a/**, GET b/**',
    WIRETAPE_ALLOW_SKIPPED: '0',
    WIRETAPE_KEY: 'x',
    WIRETAPE_CONCURRENCY: '',
  };
  expect(settings({ replay: { timeout: '5s', concurrency: 2, allowSkipped: true } }, env)).toEqual({
    timeout: '9s',
    'host-header': 'a.test',
    include: ['GET a/**', 'GET b/**'],
    concurrency: 2,
    'allow-skipped': false,
  });
});

it.each([
  [{ replya: {} }, /: "replya" is not a command or a shared option$/, 'Did you mean replay?'],
  [{ replay: { timeOut: '5s' } }, /: "timeOut" is not an option of `wiretape replay`$/, 'Did you mean timeout?'],
  [{ replay: { 'host-header': 'a' } }, /: "host-header" is not an option/, 'Did you mean hostHeader?'],
  [{ replay: 'fast' }, /: replay is no object$/, 'Write it as  replay: { option: value }'],
  [
    { replay: { timeout: {} } },
    /: timeout is neither text, a number, true, false nor a list of texts$/,
    'Change timeout',
  ],
  [[], /: it exports no object$/, 'Write  export default defineConfig({ … })'],
])('refuses %j', (content, message, remedy) => {
  const error = errorOf(() => settings(content));
  expect(error.code).toBe('BAD_CONFIG');
  expect(error.message).toMatch(message);
  expect(error.remedies).toEqual([remedy]);
});

it('refuses a file that is no JSON, and a switch that is neither on nor off', () => {
  writeFileSync(join(folder, 'wiretape.config.json'), '{');
  expect(errorOf(() => loadConfig(folder, commands)).code).toBe('BAD_CONFIG');
  expect(errorOf(() => settings({}, { WIRETAPE_ALLOW_SKIPPED: 'maybe' })).message).toBe(
    'Cannot use WIRETAPE_ALLOW_SKIPPED=maybe: it is neither on nor off',
  );
});

it('is given back by defineConfig', () => {
  const config = { include: 'GET a/**', replay: { timeout: '5s' } };
  expect(defineConfig(config)).toBe(config);
});
