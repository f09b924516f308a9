/**
 * A little of the disk, set aside while there is room: when the disk is full, what gives it back can still write down
 * that it was. The file has no name, so that a recorder that is killed leaves nothing.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync, unlinkSync, writeSync } from 'node:fs';

/** Room for the few pages that change at the end of a session. */
const reservedBytes = 128 * 1024;

/** Gives the room back; does nothing the second time. */
export type Reserve = () => void;

/** Sets room aside beside the tape. Where there is none, there is nothing to give back later. */
export function reserveRoom(path: string): Reserve {
  let fd: number | undefined;
  try {
    const name = `${path}-reserve`;
    fd = openSync(name, constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | constants.O_WRONLY, 0o600);
    unlinkSync(name);
    writeSync(fd, randomBytes(reservedBytes)); // a file system that compresses would set nothing aside for zeros
  } catch {
    // the tape says it a moment later, where it cannot be written either
  }
  return () => {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
  };
}
