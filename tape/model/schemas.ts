/** Puts to the bodies of an exchange what a schema knows of them, so that whoever looks at them need not be told. */
import { noSchemas, type Schemas } from '../body/protobuf/schemas';
import { protocolLineOf } from './content-model';
import type { Exchange } from './exchange';
import { modelFor } from './registry';

/** Whether anything is known of its messages. */
export function isDescribed({ protocol, content, messages }: Exchange): boolean {
  const parts = modelFor(protocol).parts(content);
  const bodies = parts.flatMap((part) => (part.kind === 'body' ? [part.value] : []));
  return [...bodies, ...messages.map(({ body }) => body)].some(({ schema }) => schema !== undefined);
}

/** The exchange itself where it is no call that the schemas know. */
export function withSchemas(exchange: Exchange, schemas: Schemas): Exchange {
  if (schemas === noSchemas) return exchange;
  const { protocol, content, messages } = exchange;
  const model = modelFor(protocol);
  const { target } = protocolLineOf(model.operation(content, []));
  const call = target === null ? null : schemas.call(target);
  if (call === null) return exchange;
  const parts = model
    .parts(content)
    .map((part) => (part.kind === 'body' ? { ...part, value: { ...part.value, schema: call[part.side] } } : part));
  const described = messages.map((message) => {
    const schema = message.from === 'client' ? call.request : call.response;
    return { ...message, body: { ...message.body, schema } };
  });
  return { ...exchange, content: model.withParts(content, parts), messages: described } as Exchange; // content is of the same protocol as before
}
