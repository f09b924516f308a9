/** Bytes with what is needed to read them, and the fields that go before them: the same in every protocol that has them. */

import type { MessageShape } from '../body/protobuf/shape';

/** Header fields as they were on the wire: order, case and repeats kept; bytes read as latin1. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

export interface Body {
  /** The body after transfer decoding (chunk framing undone). The content codings in `codings` are still applied. */
  readonly bytes: Uint8Array;
  /** Content codings still applied to `bytes`, lower-case, in the order they were applied; [] when there is none. */
  readonly codings: readonly string[];
  /** Body bytes on the wire (content coding kept, chunk framing not counted): the true count, also where `bytes` is short. */
  readonly wireSize: number;
  /** What is known of its message, or of each of them, where it holds messages of protobuf. Not part of the body: nobody writes it down. */
  readonly schema?: MessageShape;
}

/** The body with what is known of the messages of another: of the same call in the same direction. */
export function describedAs(body: Body, { schema }: Body): Body {
  return schema === undefined ? body : { ...body, schema };
}

export const noBytes = new Uint8Array(0);

/** The value of the first header of that name (any case), or undefined. */
export function headerValue(headers: HeaderList, name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (let i = 0; i < headers.length; i++) {
    const field = headers[i] as HeaderList[number]; // taking it apart by a pattern costs more than all the rest
    if (field[0].length === wanted.length && field[0].toLowerCase() === wanted) return field[1];
  }
  return undefined;
}
