/**
 * From one ELF image to its probes: which function, which offset, which program. What the file alone decides; the
 * process that maps it adds its own conditions (plan.ts). Pure over the image's byte reader.
 */
import { callTargets, type FunctionCode, handsOverTo, isCheapToWatch } from './code/inner-call';
import { entryPlace, type Place, type ReturnPlace, returnPlace } from './code/prologue';
import type { ElfImage, ElfSymbol } from './elf/elf';
import { tlsLibraries } from './tls-libraries/registry';
import type {
  EntryHook,
  FoundFunction,
  FoundPlace,
  InnerFunction,
  ProbeGroup,
  ProbeNeed,
  ProbesByName,
  ReturnHook,
  TlsFlavour,
  TlsLibrary,
  UprobeHook,
} from './tls-libraries/tls-library';

export interface PlannedProbe {
  /** Name of the BPF program. */
  readonly program: string;
  /** The function, for reports: an exported name, or what an inner function is called. */
  readonly symbol: string;
  readonly fileOffset: number;
  readonly isReturn: boolean;
  readonly group: ProbeGroup;
  readonly need: ProbeNeed;
  /** Place in the file of a number that counts the probes in place; 0: there is none. */
  readonly counter: number;
  /** Why this place: `at the entry, on an emulated push`. */
  readonly why: string;
}

export interface Refusal {
  readonly symbol: string;
  readonly reason: string;
}

export interface ImagePlan {
  readonly library: TlsLibrary['name'];
  readonly flavour: TlsFlavour;
  readonly probes: readonly PlannedProbe[];
  readonly refusals: readonly Refusal[];
}

/** Longer functions are looked at up to here. */
const BODY_LIMIT_BYTES = 65536;
/** Where a symbol has no size. */
const UNKNOWN_BODY_BYTES = 4096;
const INNER_PROLOGUE_BYTES = 128;
const NOT_IN_FILE = 'its address is in no executable part of the file';

/** A plan for each library that recognises the image: a Go program may have an OpenSSL linked into it. */
export function planImage(image: ElfImage): readonly ImagePlan[] {
  const defined = image.functions(
    tlsLibraries.flatMap(({ markers }) => markers ?? []),
    'all',
  );
  return tlsLibraries.flatMap((library) => {
    const { markers } = library;
    if (markers !== undefined && !markers.some((name) => defined.has(name))) return [];
    const flavour = library.recognise(image);
    return flavour === undefined ? [] : [{ library: library.name, flavour, ...placeAll(image, library, flavour) }];
  });
}

type Placed = Pick<ImagePlan, 'probes' | 'refusals'>;

function placeAll(image: ElfImage, { probes }: TlsLibrary, flavour: TlsFlavour): Placed {
  return probes.by === 'code' ? placeFound(image, probes.places(image)) : placeNamed({ image, named: probes, flavour });
}

/** All or nothing: bytes of one direction alone are no conversation. */
function placeFound(image: ElfImage, places: readonly FoundPlace[]): Placed {
  const probes: PlannedProbe[] = [];
  const refusals: Refusal[] = [];
  for (const place of places) {
    if (place.kind === 'function') {
      placeHooks({ image, probes, refusals }, foundCode(image, place), hooksAt(place));
      continue;
    }
    const fileOffset = place.kind === 'place' ? image.fileOffsetOf(place.address) : undefined;
    if (place.kind === 'refused') refusals.push({ symbol: place.symbol, reason: place.reason });
    else if (fileOffset === undefined) refusals.push({ symbol: place.symbol, reason: NOT_IN_FILE });
    else {
      const { program, symbol, need, why } = place;
      const counter = place.counter === undefined ? 0 : image.dataOffsetOf(place.counter);
      if (counter === undefined) refusals.push({ symbol, reason: NOT_IN_FILE });
      else probes.push({ program, symbol, fileOffset, isReturn: false, group: 'base', need, counter, why });
    }
  }
  return refusals.length === 0 ? { probes, refusals } : { probes: [], refusals };
}

function foundCode(image: ElfImage, { symbol: name, address }: FoundFunction): FunctionCode {
  return { name, address, body: image.code(address, UNKNOWN_BODY_BYTES) };
}

function hooksAt({ symbol, need, programs }: FoundFunction): readonly UprobeHook[] {
  return hookPair({ symbol, need, group: 'base' }, programs);
}

function hookPair(
  common: Pick<UprobeHook, 'symbol' | 'need' | 'group'>,
  programs: { readonly entry: string; readonly return: string | null },
): readonly UprobeHook[] {
  const entry: UprobeHook = { ...common, at: 'entry', program: programs.entry };
  return programs.return === null ? [entry] : [entry, { ...common, at: 'return', program: programs.return }];
}

interface Recognised {
  readonly image: ElfImage;
  readonly named: ProbesByName;
  readonly flavour: TlsFlavour;
}

interface Placing extends Recognised {
  readonly functions: ReadonlyMap<string, FunctionCode>;
  readonly probes: PlannedProbe[];
  readonly refusals: Refusal[];
}

function placeNamed(recognised: Recognised): Placed {
  const { image, named, flavour } = recognised;
  const hooks = named.hooks(flavour);
  const looked = named.innerFunctions(flavour).flatMap(({ wrapper, replaces }) => [wrapper, ...replaces]);
  const functions = functionsOf(image, flavour, [...new Set([...hooks.map((hook) => hook.symbol), ...looked])]);
  const placing: Placing = { ...recognised, functions, probes: [], refusals: [] };
  const covered = placeInnerFunctions(placing);
  for (const [symbol, hooksOfSymbol] of bySymbol(hooks)) {
    if (!covered.has(symbol)) placeExported(placing, symbol, hooksOfSymbol);
  }
  refuseHalves(placing, hooks);
  return { probes: placing.probes, refusals: placing.refusals };
}

function functionsOf(
  image: ElfImage,
  { symbols }: TlsFlavour,
  names: readonly string[],
): ReadonlyMap<string, FunctionCode> {
  const functions = new Map<string, FunctionCode>();
  if (symbols === 'runtime') return functions;
  for (const symbol of image.functions(names, symbols).values()) functions.set(symbol.name, codeOf(image, symbol));
  return functions;
}

function codeOf(image: ElfImage, { name, address, size }: ElfSymbol): FunctionCode {
  return { name, address, body: image.code(address, Math.min(size || UNKNOWN_BODY_BYTES, BODY_LIMIT_BYTES)) };
}

function bySymbol(hooks: readonly UprobeHook[]): ReadonlyMap<string, readonly UprobeHook[]> {
  const grouped = new Map<string, UprobeHook[]>();
  for (const hook of hooks) grouped.set(hook.symbol, [...(grouped.get(hook.symbol) ?? []), hook]);
  return grouped;
}

function placeExported(placing: Placing, symbol: string, hooks: readonly UprobeHook[]): void {
  const code = placing.functions.get(symbol);
  if (code !== undefined && !isBuiltOnAnother(placing, code)) placeHooks(placing, code, hooks);
}

/** A library that is read in one direction only is not read: said by the names of what could have been probed. */
function refuseHalves(placing: Placing, hooks: readonly UprobeHook[]): void {
  for (const need of ['read', 'write'] as const) {
    const symbols = new Set(hooks.filter((hook) => hook.need === need).map(({ symbol }) => symbol));
    if (symbols.size === 0 || placing.probes.some((probe) => probe.need === need)) continue;
    placing.refusals.push({ symbol: [...symbols].join(', '), reason: 'the file defines no such function' });
  }
}

/** Probes the inner functions that are proved and cheap; returns the exported names that need no probe any more. */
function placeInnerFunctions(placing: Placing): ReadonlySet<string> {
  const covered = new Set<string>();
  for (const inner of placing.named.innerFunctions(placing.flavour)) {
    if (inner.replaces.some((symbol) => covered.has(symbol))) continue;
    const code = provedInner(placing, inner);
    if (code === undefined) continue;
    placeHooks(placing, code, hooksOf(placing, inner));
    for (const symbol of inner.replaces) covered.add(symbol);
  }
  return covered;
}

/**
 * The inner function, where its wrapper hands its own arguments over to it (hence its signature), every other form
 * that exists calls it too, and it has no exported name (LibreSSL's `SSL_read_ex` calls `SSL_read`, which takes other
 * arguments). Undefined also where watching it would cost as much as watching the exported ones.
 */
function provedInner(placing: Placing, inner: InnerFunction): FunctionCode | undefined {
  const wrapper = placing.functions.get(inner.wrapper);
  const address = wrapper === undefined ? undefined : handsOverTo(wrapper, inner.keeps);
  if (address === undefined || nameOf(placing, address) !== undefined) return undefined;
  const forms = inner.replaces.flatMap((symbol) => placing.functions.get(symbol) ?? []);
  if (forms.length < 2 || !forms.every((form) => reaches(placing, form, { address, through: inner.replaces })))
    return undefined;
  const body = placing.image.code(address, INNER_PROLOGUE_BYTES);
  return isCheapToWatch(body) ? { name: inner.name, address, body } : undefined;
}

function reaches(
  placing: Placing,
  from: FunctionCode,
  to: { readonly address: number; readonly through: readonly string[] },
): boolean {
  const targets = callTargets(from);
  if (targets.includes(to.address)) return true;
  const others = to.through.filter((name) => name !== from.name);
  return targets.some((target) => {
    const name = nameOf(placing, target);
    const next = name !== undefined && others.includes(name) ? placing.functions.get(name) : undefined;
    return next !== undefined && callTargets(next).includes(to.address);
  });
}

/** The exported function at an address, or the one its linkage stub leads to. */
function nameOf(placing: Placing, address: number): string | undefined {
  for (const { name, address: at } of placing.functions.values()) if (at === address) return name;
  return placing.image.linkageTarget(address);
}

function hooksOf(placing: Placing, inner: InnerFunction): readonly UprobeHook[] {
  const replaced = placing.named.hooks(placing.flavour).find(({ symbol }) => inner.replaces.includes(symbol));
  const common = { symbol: inner.name, need: replaced?.need ?? 'optional', group: replaced?.group ?? 'base' };
  return hookPair(common, inner.programs);
}

function isBuiltOnAnother(placing: Placing, code: FunctionCode): boolean {
  const bases = placing.named.builtOn.get(code.name) ?? [];
  if (!bases.some((base) => placing.functions.has(base))) return false;
  return callTargets(code).some((target) => bases.includes(nameOf(placing, target) ?? ''));
}

/** A return probe can be had with a `ReturnPlace` only. */
type Placement =
  | { readonly hook: EntryHook; readonly place: Place }
  | { readonly hook: ReturnHook; readonly place: ReturnPlace };

/** A function's hooks: where one of them is a return probe, the entry probe shares its place and its trap. */
function placeHooks(
  placing: Pick<Placing, 'image' | 'probes' | 'refusals'>,
  code: FunctionCode,
  hooks: readonly UprobeHook[],
): void {
  const returning = returnPlace(code.body);
  const entering = hooks.some((hook) => hook.at === 'return') ? returning : entryPlace(code.body);
  for (const hook of hooks) {
    if (hook.at === 'entry') placeOne(placing, code, { hook, place: entering });
    else placeOne(placing, code, { hook, place: returning });
  }
}

function placeOne(
  placing: Pick<Placing, 'image' | 'probes' | 'refusals'>,
  code: FunctionCode,
  { hook, place }: Placement,
): void {
  const fileOffset = placing.image.fileOffsetOf(code.address + place.offset);
  const { symbol, program, group, need } = hook;
  if (fileOffset === undefined || code.body.length === 0) {
    placing.refusals.push({ symbol, reason: NOT_IN_FILE });
    return;
  }
  const isReturn = hook.at === 'return';
  placing.probes.push({ program, symbol, fileOffset, isReturn, group, need, counter: 0, why: place.why });
}
