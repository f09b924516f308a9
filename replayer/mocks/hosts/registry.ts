/** The hosts of mocks, in the order they are asked; the last one takes what no other does. */
import type { MockHost } from './host';
import { httpHost } from './http/host';

export const hosts: readonly MockHost[] = [httpHost];
