/** What an exchange holds whose protocol nobody parses. */

/** What is kept of a protocol nobody parses: its name and sizes, and the bytes themselves only under --keep-raw. */
export interface RawContent {
  /** Such as `PostgreSQL`, where the bytes tell; null where they do not. */
  readonly protocol: string | null;
  /** From the client (of an unknown direction: from who spoke first) to the server, and back. True sizes, gaps included. */
  readonly requestSize: number;
  readonly responseSize: number;
  readonly requestBytes: Uint8Array | null;
  readonly responseBytes: Uint8Array | null;
}
