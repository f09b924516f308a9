/**
 * Which address a file like /etc/hosts has exactly one name for. Who asks it by name tells nobody, so a name is given only
 * where it can be no other one. The text is anybody's: whatever does not add up says nothing. Pure.
 */

/** Address, as connections write it, to its one name. Addresses of the machine itself are left out: nobody is far away there. */
export function hostsNames(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, Set<string>>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const written = names.length === 0 ? null : writtenAddress(address);
    if (written === null || isOwn(written)) continue;
    const known = found.get(written) ?? new Set();
    found.set(written, known);
    for (const name of names) known.add(name.toLowerCase().replace(/\.$/, ''));
  }
  return new Map(
    [...found].flatMap(([address, names]) => {
      const name = oneOf(names);
      return name === null ? [] : [[address, name] as const];
    }),
  );
}

const namesMost = 16;

/** A name that is the beginning of another one, up to a dot, is short for it (`db` of `db.internal`). Null where several are left. */
function oneOf(names: ReadonlySet<string>): string | null {
  if (names.size > namesMost) return null;
  const whole = [...names].filter((name) => ![...names].some((other) => other.startsWith(`${name}.`)));
  const [name] = whole;
  return whole.length === 1 && name !== undefined && /^(?=.{1,253}$)[\w-]+(?:\.[\w-]+)*$/.test(name) ? name : null;
}

/** As `addressText` writes it. Null for what is no address, and for one that is valid on one interface only. */
function writtenAddress(text: string): string | null {
  if (isVersionFour(text)) return text;
  const url = /^[0-9a-f:.]{2,45}$/i.test(text) && text.includes(':') ? URL.parse(`http://[${text}]/`) : null;
  if (url === null) return null;
  const address = url.hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address) ?? [];
  if (high === undefined || low === undefined) return address;
  return [high, low]
    .map((word) => Number.parseInt(word, 16))
    .flatMap((word) => [word >> 8, word & 255])
    .join('.');
}

function isVersionFour(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
}

/** Loopback, and no address at all, to which lists of names that are to lead nowhere lead. */
export function isOwn(address: string): boolean {
  return /^(?:127\.|0\.)/.test(address) || address === '::1' || address === '::';
}
