/** Header fields whose value is a list, read as one (RFC 9110 5.6.1). */
import type { HeaderList } from '../model/body';

const none: readonly string[] = [];

/** The members of all fields of that lower-case name, in lower case; what is empty is left out. Fields in quotes are not read. */
export function listedIn(headers: HeaderList, field: string): readonly string[] {
  let found = none;
  for (let i = 0; i < headers.length; i++) {
    const one = headers[i] as HeaderList[number]; // taking it apart by a pattern costs more than all the rest
    if (one[0].length === field.length && one[0].toLowerCase() === field) found = [...found, ...members(one[1])];
  }
  return found;
}

function members(value: string): readonly string[] {
  const list = value.toLowerCase().split(',');
  return list.map((member) => member.trim()).filter((member) => member !== '');
}

/** The values of all fields of that lower-case name as one, in their order; null where there is none. */
export function joinedValue(headers: HeaderList, field: string): string | null {
  const values = headers.filter(([name]) => name.toLowerCase() === field).map(([, value]) => value);
  return values.length === 0 ? null : values.join(', ');
}

/** Whether a name or a method is made of the signs that HTTP allows there (RFC 9110 5.6.2). */
export function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);
}
