/** What cases are grouped by. */

/** `POST /orders/{orderId}` of a case's name: that without its result. */
export function endpointOf(name: string): string {
  return name.replace(/ -> .*$/s, '');
}
