/**
 * What a process asks systemd-resolved over its socket, as getaddrinfo does where nss-resolve is set up: messages of
 * Varlink, JSON with a NUL behind each, one question at a time. Whatever does not add up says nothing.
 */
import type { DnsAnswer } from './dns-message';

export const resolvedSocket = 'unix:/run/systemd/resolve/io.systemd.Resolve';

const question = 'io.systemd.Resolve.ResolveHostname';
/** Of one message: an answer with hundreds of addresses has some KB. */
const messageMost = 64 << 10;

export class ResolvedTalk {
  private readonly pending = { sent: '', received: '' };
  private asked: string | null = null;
  private isLost = false;

  /** What was answered now. */
  take(direction: 'sent' | 'received', bytes: Uint8Array, size: number): readonly DnsAnswer[] {
    const text = this.pending[direction] + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    if (bytes.length < size || text.length > messageMost) this.isLost = true;
    if (this.isLost) return [];
    const messages = text.split('\0');
    this.pending[direction] = messages.pop() ?? '';
    return messages.flatMap((message) => this.message(direction, memberOf(parsed(message), 'parameters'), message));
  }

  private message(direction: 'sent' | 'received', parameters: unknown, message: string): readonly DnsAnswer[] {
    if (direction === 'sent') {
      const name = memberOf(parameters, 'name');
      const isQuestion = memberOf(parsed(message), 'method') === question && typeof name === 'string';
      this.asked = isQuestion && /^[\w.-]{1,253}$/.test(name) ? name.toLowerCase().replace(/\.$/, '') : null;
      return [];
    }
    const name = this.asked;
    this.asked = null;
    const given = memberOf(parameters, 'addresses');
    const addresses = Array.isArray(given) ? given.flatMap((one) => addressIn(memberOf(one, 'address'))) : [];
    return name === null || addresses.length === 0 ? [] : [{ name, addresses }];
  }
}

function addressIn(address: unknown): readonly Uint8Array[] {
  if (!Array.isArray(address) || (address.length !== 4 && address.length !== 16)) return [];
  const isOfBytes = address.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255);
  return isOfBytes ? [Uint8Array.from(address)] : [];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
