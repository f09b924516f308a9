/**
 * Takes the secrets out of a command line, which tapes and messages name: values of options and variables whose names
 * promise one, what the usual clients take as a password, and all that any other text is searched for. Scripts given to
 * a shell as one word are read as the words they are made of; nothing is expanded.
 */
import { redactCredential } from './credentials';
import type { NameKind } from './names';
import type { Scope } from './scope';
import { redactText } from './text';

export function redactCommandLine(words: readonly string[], scope: Scope): readonly string[] {
  return redactWords(words, { ...scope, depth: 0 });
}

interface Context extends Scope {
  readonly depth: number;
}

const place = ['command'];
const deepestScript = 3;

function redactWords(words: readonly string[], context: Context): string[] {
  let program = '';
  return words.map((word, i) => {
    const promise = i === 0 ? null : promiseOf(words[i - 1] ?? '', program, context);
    program = programNamed(word) ?? program;
    if (promise !== null && !isNoSecret(word)) return redactPromised(word, promise, context);
    const attached = attachedTo(program, word);
    if (attached !== null) return attached.option + redactPromised(attached.value, attached.promise, context);
    return isScript(words[i - 1]) ? redactScript(word, context) : redactWord(word, context);
  });
}

/** A client whose short options are known. */
function programNamed(word: string): string | undefined {
  const name = word.split('/').at(-1) ?? '';
  return passwordOptions.has(name) || userOptions.has(name) || attachedOptions.test(name) ? name : undefined;
}

/** `sh -c`, `bash -lc` */
function isScript(option: string | undefined): boolean {
  return option !== undefined && /^-[a-z]*c$/.test(option);
}

type Promised = NameKind | 'user';

/** What an option says of the word after it. */
function promiseOf(option: string, program: string, { detection }: Context): Promised | null {
  if (passwordOptions.get(program)?.includes(option) === true) return 'secret';
  if (userOptions.get(program)?.includes(option) === true) return 'user';
  const name = /^--?([A-Za-z][\w.-]*)$/.exec(option)?.[1];
  if (name === undefined) return null;
  return accountNames.test(name) ? 'user' : detection.kindOfName(name);
}

/** `--auth ada:PASSWORD`, as servers take the accounts that they let in. */
const accountNames = /^(?:(?:basic|http|proxy)[-_.]?)?(?:auth|credentials?|creds)$/i;

/** Short options of clients that people start with a password on the line. */
const passwordOptions: ReadonlyMap<string, readonly string[]> = new Map([
  ['sshpass', ['-p']],
  ['redis-cli', ['-a']],
  ['docker', ['-p']],
  ['mongosh', ['-p']],
  ['mongo', ['-p']],
]);
const userOptions: ReadonlyMap<string, readonly string[]> = new Map([['curl', ['-u', '--user', '-U', '--proxy-user']]]);
const attachedOptions = /^(?:mysql|mariadb)[\w-]*$/;

interface Attached {
  readonly option: string;
  readonly value: string;
  readonly promise: Promised;
}

/** `mysql -pSECRET`, `curl -uann:SECRET`, `curl --user=ann:SECRET`: an option and its word in one. */
function attachedTo(program: string, word: string): Attached | null {
  if (attachedOptions.test(program) && /^-p./s.test(word))
    return { option: '-p', value: word.slice(2), promise: 'secret' };
  return (
    attachedAs('secret', passwordOptions.get(program) ?? [], word) ??
    attachedAs('user', userOptions.get(program) ?? [], word)
  );
}

function attachedAs(promise: Promised, options: readonly string[], word: string): Attached | null {
  const begins = options.map((option) => (option.startsWith('--') ? `${option}=` : option));
  const option = begins.find((begin) => word.startsWith(begin) && word.length > begin.length);
  return option === undefined ? null : { option, value: word.slice(option.length), promise };
}

/** Another option, a switch, or something a shell has still to put in. */
function isNoSecret(word: string): boolean {
  return /^(?:-|\$|true$|false$|null$|none$|yes$|no$|on$|off$|$)/i.test(word);
}

function redactPromised(word: string, promise: Promised, context: Context): string {
  if (promise !== 'user') return redactCredential(promise, word, (secret) => take(secret, context));
  if (/^[\w+.-]+:\/\//.test(word)) return redactWord(word, context); // where to ask, and not who does
  const colon = word.indexOf(':');
  return colon < 0 || colon === word.length - 1
    ? word
    : word.slice(0, colon + 1) + take(word.slice(colon + 1), context);
}

/** `--name=value`, `NAME=value`, a script of several words, or any other text. */
function redactWord(word: string, context: Context): string {
  const [, begin = '', name = '', value = ''] = /^((?:--?)?([A-Za-z_][\w.-]*)=)(.*)$/s.exec(word) ?? [];
  const bare = unquoted(value);
  if (begin.startsWith('-') && accountNames.test(name)) {
    return begin + quotedAs(value, redactPromised(bare, 'user', context));
  }
  const kind = bare === '' || isNoSecret(bare) ? null : context.detection.kindOfName(name);
  if (kind !== null)
    return (
      begin +
      quotedAs(
        value,
        redactCredential(kind, bare, (secret) => take(secret, context)),
      )
    );
  const script = /\s/.test(word) && context.depth < deepestScript ? redactScript(word, context) : word;
  return redactText(script, { ...context, path: place, depth: 3, isCut: false, style: 'text' });
}

const scriptPart = /\s+|(?:[^\s'"]|'[^']*'|"[^"]*")+|['"]/g;

function redactScript(script: string, context: Context): string {
  if (context.depth >= deepestScript) return redactWord(script, context);
  const parts = script.match(scriptPart) ?? [];
  const words = parts.filter((part) => part.trim() !== '');
  const redacted = redactWords(words.map(unquoted), { ...context, depth: context.depth + 1 });
  let next = 0;
  return parts.map((part) => (part.trim() === '' ? part : quotedAs(part, redacted[next++] ?? ''))).join('');
}

function isQuoted(part: string): boolean {
  return /^(?:'[^']*'|"[^"]*")$/.test(part);
}

function unquoted(part: string): string {
  return isQuoted(part) ? part.slice(1, -1) : part;
}

function quotedAs(part: string, word: string): string {
  return isQuoted(part) ? part.charAt(0) + word + part.charAt(0) : word;
}

function take(secret: string, { ledger }: Context): string {
  return ledger.take(secret, 'secret-name', place);
}
