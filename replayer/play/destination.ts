/** Where the requests of a case go, and under which name the service is asked there. Pure. */
import type { Turn } from '../cases/cases';
import { type Address, recordedAddress } from '../correlate/addresses';
import type { DriverOptions } from '../drive/driver';
import type { Target } from '../drive/target';

export interface DestinationOptions extends DriverOptions {
  /** By the port a service listened on when it was recorded; `target` is for all others. */
  readonly targets?: ReadonlyMap<number, Target>;
}

/** As `hostHeader`: each request goes out under the Host it was recorded with. */
export const recordedHost = 'recorded';

/** What a connection for the case is opened with. */
export function destinationOf<O extends DestinationOptions>(test: Turn, options: O): O {
  const isRecorded = options.hostHeader === recordedHost;
  if (options.targets === undefined && !isRecorded) return options; // the usual case: one for all
  const target = options.targets?.get(listeningPort(test) ?? -1) ?? options.target;
  const hostHeader = isRecorded ? (recordedAddress(test)?.authority ?? null) : options.hostHeader;
  return { ...options, target, hostHeader };
}

/** The address the service is asked under, as it writes it into links and redirects. */
export function addressAsked(test: Turn, options: DestinationOptions): Address {
  const { target, hostHeader } = destinationOf(test, options);
  const authority = hostHeader ?? target.authority;
  return { authority, origin: `${target.secure ? 'https' : 'http'}://${authority}` };
}

/** Null where the tape does not say where the connection ended. */
export function listeningPort({ stored }: Pick<Turn, 'stored'>): number | null {
  const port = /:(\d+)$/.exec(stored.exchange.connection.local ?? '')?.[1];
  return port === undefined ? null : Number(port);
}
