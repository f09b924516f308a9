/** The hosts of mocks, in the order they are asked; the last one takes what no other does. */

import { grpcHost } from './grpc/host';
import type { MockHost } from './host';
import { httpHost } from './http/host';
import { webSocketHost } from './websocket/host';

export const hosts: readonly MockHost[] = [webSocketHost, grpcHost, httpHost];
