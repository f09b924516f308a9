/**
 * Go's crypto/tls, which is part of every program that uses it, and forks of it under other paths. Symbols may be
 * stripped; the names that the runtime itself needs are always there. Knows names and programs; what the code shows is
 * code/go's business.
 *
 *   func (c *Conn) Write(b []byte) (int, error)      c in rax, b in rbx (data) and rcx (length)
 *   func (c *Conn) Read(b []byte) (int, error)       copies by memmove: source in rbx, length in rcx
 */
import { type GoFunction, type GoFunctionTable, readGoTable, tableSection } from '../code/go/function-table';
import { type CodePlace, placeOfCopy, placeOfEntry } from '../code/go/tls-places';
import type { ElfImage } from '../elf/elf';
import { firstText } from '../elf/strings';
import type { FoundPlace, ProbeNeed, TlsFlavour, TlsLibrary } from './tls-library';

export const go: TlsLibrary = {
  name: 'go',
  recognise,
  probes: { by: 'code', places },
};

const READ = 'tls.(*Conn).Read';
const WRITE = 'tls.(*Conn).Write';
/** Something else may be called tls and have a Conn; what has this too is crypto/tls, or was copied from it. */
const RECORDS = 'tls.(*Conn).writeRecordLocked';
const MEMMOVE = 'runtime.memmove';
/** Functions of that kind are shorter. */
const BODY_MOST = 16384;

function recognise(image: ElfImage): TlsFlavour | undefined {
  return usesTls(image) ? { holds: 'tls', symbols: 'runtime', label: 'Go crypto/tls' } : undefined;
}

/** Of a program whose table cannot be read, by the text alone. */
function usesTls(image: ElfImage): boolean {
  const reading = readGoTable(image);
  if (reading.kind === 'none') return false;
  if (reading.kind === 'table') return copiesOf(reading.table.endingIn([RECORDS])).length > 0;
  const section = tableSection(image);
  return section !== undefined && firstText(image, section, { opening: WRITE, pattern: /^/ }) !== undefined;
}

function places(image: ElfImage): readonly FoundPlace[] {
  const reading = readGoTable(image);
  if (reading.kind !== 'table') {
    const reason = reading.kind === 'refused' ? reading.reason : 'it is no Go program';
    return [{ kind: 'refused', symbol: 'crypto/tls', reason }];
  }
  const { table } = reading;
  const functions = table.endingIn([READ, WRITE, RECORDS, MEMMOVE]);
  const memmove = functions.find(({ name }) => name === MEMMOVE);
  return copiesOf(functions).flatMap((path) => {
    const [read, write] = [READ, WRITE].map((end) => functions.find(({ name }) => name === path + end));
    return [
      found(`${path}${READ}`, { need: 'read', program: 'wt_go_read' }, read, () => copyIn(image, table, read, memmove)),
      found(`${path}${WRITE}`, { need: 'write', program: 'wt_go_write' }, write, () => entryOf(image, write)),
    ];
  });
}

/** What stands before `tls.` in the names of each copy: `crypto/`, `github.com/refraction-networking/u`. */
function copiesOf(functions: readonly GoFunction[]): readonly string[] {
  return functions.flatMap(({ name }) => (name.endsWith(RECORDS) ? [name.slice(0, -RECORDS.length)] : []));
}

function found(
  symbol: string,
  hook: { readonly need: ProbeNeed; readonly program: string },
  one: GoFunction | undefined,
  look: () => CodePlace,
): FoundPlace {
  if (one === undefined) return { kind: 'refused', symbol, reason: 'the file defines no such function' };
  const place = look();
  if (place.kind === 'refused') return { kind: 'refused', symbol, reason: place.reason };
  return { kind: 'place', symbol, ...hook, address: one.address + place.offset, why: place.why };
}

function copyIn(
  image: ElfImage,
  table: GoFunctionTable,
  read: GoFunction | undefined,
  memmove: GoFunction | undefined,
): CodePlace {
  if (read === undefined || memmove === undefined)
    return { kind: 'refused', reason: 'there is no memmove in the file' };
  const bytes = { address: read.address, body: bodyOf(image, read) };
  return placeOfCopy(bytes, memmove.address, (offset) => table.depthAt(read, offset));
}

function entryOf(image: ElfImage, write: GoFunction | undefined): CodePlace {
  return placeOfEntry(write === undefined ? new Uint8Array(0) : bodyOf(image, write));
}

function bodyOf(image: ElfImage, { address, size }: GoFunction): Uint8Array {
  return image.code(address, Math.min(size, BODY_MOST));
}
