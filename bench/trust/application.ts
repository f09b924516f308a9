/** What `npm run bench:trust` records and replays. A new one is an entry of applications.ts. */
import type { RecordingClient } from '../../test/support/recorded-http';

export interface Application {
  readonly name: string;
  /** How to get it, for the report. */
  readonly from: string;
  /** The file it needs in build/trust; null for what is in this repository. */
  readonly needs: string | null;
  /** Starts it on the port that PORT names. `files` is build/trust. */
  command(files: string): readonly string[];
  /** Its dependency, and how the service is told where it is; null for none. */
  readonly upstream: Upstream | null;
  /** What it keeps its state in, and is let through to; the first request of `use` empties it. Null for none. */
  readonly database: Database | null;
  /** What redaction takes out and the service asks for, by the name of its place; the same everywhere under that name. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Uses it as a client would, always in the same way. */
  use(client: Client, upstreamUrl: string): Promise<void>;
}

export type Client = Pick<RecordingClient, 'call'>;

export interface Upstream {
  /** The variable that names it to the service; null where its clients do. */
  readonly variable: string | null;
  /** Starts the real one; resolves with its base URL. */
  start(): Promise<string>;
}

export interface Database {
  /** For the report. */
  readonly name: string;
  /** Starts it empty; resolves with its port on 127.0.0.1, which DATABASE_PORT tells the service. */
  start(files: string): Promise<number>;
}
