/** Reads the credentials a user gives to a run: header fields and secrets, their values out of the environment given. */
import { WiretapeError } from '../../errors/wiretape-error';
import type { HeaderList } from '../../tape/model/body';

type Environment = Readonly<Record<string, string | undefined>>;

/** Fields of `--set-header 'authorization: Bearer ${env:TOKEN}'`. Throws USAGE. */
export function setHeadersFrom(texts: readonly string[], env: Environment): HeaderList {
  return texts.map((text) => {
    const found = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:\s*(.*)$/s.exec(text);
    const [, name = '', value = ''] = found ?? [];
    if (found === null) {
      throw usage(
        `--set-header ${shown(text)} is not NAME: VALUE`,
        `--set-header 'authorization: Bearer \${env:TOKEN}'`,
      );
    }
    return [name, withEnvironment(value, { env, option: `--set-header '${name}: …'` })];
  });
}

/** Secrets of `--secret NAME=env:VAR`, by name. Values are never taken from the command line: other users can read it. */
export function secretsFrom(texts: readonly string[], env: Environment): ReadonlyMap<string, string> {
  return new Map(
    texts.map((text) => {
      const found = /^(.+)=env:([A-Za-z_]\w*)$/s.exec(text);
      const [, name = '', variable = ''] = found ?? [];
      if (found === null) {
        const guess = text.split('=')[0] || 'password';
        throw usage(
          `--secret ${shown(guess)} does not name an environment variable`,
          `Put the secret into a variable and type  --secret ${guess}=env:VARIABLE`,
        );
      }
      return [name, variableNamed(variable, { env, option: `--secret ${name}` })];
    }),
  );
}

interface Source {
  readonly env: Environment;
  readonly option: string;
}

function withEnvironment(text: string, source: Source): string {
  return text.replace(/\$\{env:([A-Za-z_]\w*)\}/g, (_, name: string) => variableNamed(name, source));
}

function variableNamed(name: string, { env, option }: Source): string {
  const value = env[name];
  if (value === undefined || value === '') {
    throw usage(`${option} needs the environment variable ${name}, which is not set`, `export ${name}=…`);
  }
  return value;
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

function usage(message: string, remedy: string): WiretapeError {
  return new WiretapeError('USAGE', message, { remedy });
}
