/** The endpoint of an exchange: verb, authority and target, with everything that looks like an identifier taken out. */
import { type Operation, protocolLineOf } from '../../tape/model/content-model';

const number = /^\d+$/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Hashes and object ids. */
const longHex = /^(?=.*\d)[0-9a-f]{8,}$/i;
/** ULIDs, nanoids, prefixed ids (`ord_8a7f…`), base64 tokens: long, one word, with a digit. */
const token = /^(?=.*\d)[\w~.-]{16,}$/;
/** What packages and services are called, their version in it: `grpc.health.v1.Health`. */
const dottedName = /^[a-z]+\d{0,2}(?:\.[a-z]+\d{0,2})+$/i;

/** `POST shop:8443/orders/{id}`, `query OrderById shop:8443/graphql`, `call shop:8443/shop.v1.Shop/Get`. The query string is not part of it. */
export function endpointOf(operation: Operation): string {
  const { authority, over } = operation;
  const path = protocolLineOf(operation).target ?? '';
  const query = path.indexOf('?');
  // What a call is named by is its path: once is enough.
  const named = over === null || path === operation.target ? '' : ` ${operation.target}`;
  const words = `${operation.verb}${named}`;
  return `${words} ${authority ?? ''}${templateOf(query < 0 ? path : path.slice(0, query))}`;
}

function templateOf(path: string): string {
  return /\d/.test(path) ? path.split('/').map(templateSegment).join('/') : path;
}

function templateSegment(segment: string): string {
  if (dottedName.test(segment)) return segment;
  const isId = number.test(segment) || uuid.test(segment) || longHex.test(segment) || token.test(segment);
  return isId ? '{id}' : segment;
}
