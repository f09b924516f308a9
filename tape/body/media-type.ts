/** What a Content-Type says, as far as wiretape acts on it (RFC 9110 8.3). */
import { memoised } from '../memo';
import { type HeaderList, headerValue } from '../model/body';

export interface MediaType {
  /** Lower-case `type/subtype`; '' where there is none. */
  readonly essence: string;
  readonly charset: string | null;
  readonly boundary: string | null;
}

export function mediaTypeOf(headers: HeaderList): MediaType {
  return parseMediaType(headerValue(headers, 'content-type') ?? '');
}

/** A service answers with the same few types again and again. */
const rememberedTypes = 500;

export const parseMediaType = memoised(rememberedTypes, readMediaType);

function readMediaType(text: string): MediaType {
  const essence = (/^[^;,\s]*/.exec(text.trim())?.[0] ?? '').toLowerCase();
  return {
    essence,
    charset: parameterOf(text, 'charset')?.toLowerCase() ?? null,
    boundary: parameterOf(text, 'boundary'),
  };
}

export function isJsonType(essence: string): boolean {
  return essence.endsWith('/json') || essence.endsWith('+json');
}

/** Types that promise text a person can read, JSON and forms included. */
export function isTextType(essence: string): boolean {
  return (
    essence.startsWith('text/') ||
    isJsonType(essence) ||
    /[/+](xml|javascript|x-www-form-urlencoded|graphql|x-ndjson|ndjson|jsonl|json-seq|yaml|x-yaml|toml|csv)$/.test(
      essence,
    )
  );
}

/** A parameter of the Content-Type, its quotes undone; null where there is none of that name. */
export function parameterOf(text: string, name: string): string | null {
  const found = new RegExp(`;\\s*${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]*))`, 'i').exec(text);
  if (found === null) return null;
  return found[1] !== undefined ? found[1].replace(/\\(.)/g, '$1') : (found[2] ?? '');
}
