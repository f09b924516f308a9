/** Where the bytes of a long body wait until it is whole: not in memory. What keeps them is the caller's choice. */
export interface Spill {
  /** False where there is no room: nothing more can be kept. */
  append(bytes: Uint8Array): boolean;
  /** Everything that was appended, in memory of its own, and behind it room for so many bytes. */
  read(roomBehind: number): Uint8Array;
  close(): void;
}

/** Null where there is nowhere to spill to: the body stays in memory. */
export type OpenSpill = () => Spill | null;

/** What a body may hold in memory before it spills. */
export const spillAfterBytes = 1024 * 1024;
