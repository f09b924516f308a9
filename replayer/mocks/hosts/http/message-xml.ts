/** The MD5s of messages in the older protocol of SQS: a form is sent, and XML answered. Pure. */
import { parseForm } from '../../../../tape/body/form';
import type { JsonObject } from '../../../../tape/json/json';
import { md5, md5OfAttributes } from './message-md5';

/** The answer, each MD5 made of what is there of its message: in the answer itself, or in `form`, the body that was sent. */
export function withXmlDigests(answer: string, form: string): string {
  const fields = new Map(parseForm(form));
  const entries = [...fields].flatMap(([name, id]) => {
    const entry = /^SendMessageBatchRequestEntry\.\d+\.(?=Id$)/.exec(name)?.[0];
    return entry === undefined ? [] : [[id, sentMessage(fields, entry)] as const];
  });
  const byId = new Map(entries);
  return answer
    .replace(/<Message>.*?<\/Message>/gs, (message) => fitted(message, givenMessage(message)))
    .replace(/<SendMessageResult>.*?<\/SendMessageResult>/gs, (result) => fitted(result, sentMessage(fields, '')))
    .replace(/<SendMessageBatchResultEntry>.*?<\/SendMessageBatchResultEntry>/gs, (entry) =>
      fitted(entry, byId.get(elementText(entry, 'Id') ?? '') ?? {}),
    );
}

/** Each as it is known; one without attributes has no MD5 of them. */
interface Message {
  readonly given?: string | undefined;
  readonly sent?: string | undefined;
  readonly attributes?: JsonObject;
  readonly systemAttributes?: JsonObject;
}

function fitted(xml: string, { given, sent, attributes = {}, systemAttributes = {} }: Message): string {
  const made: readonly (readonly [name: string, digest: string | null])[] = [
    ['MD5OfBody', given === undefined ? null : md5(given)],
    ['MD5OfMessageBody', sent === undefined ? null : md5(sent)],
    ['MD5OfMessageAttributes', digestOf(attributes)],
    ['MD5OfMessageSystemAttributes', digestOf(systemAttributes)],
  ];
  return made.reduce((text, [name, digest]) => (digest === null ? text : withElement(text, name, digest)), xml);
}

function digestOf(attributes: JsonObject): string | null {
  return Object.keys(attributes).length === 0 ? null : md5OfAttributes(attributes);
}

function sentMessage(fields: ReadonlyMap<string, string>, under: string): Message {
  return {
    sent: fields.get(`${under}MessageBody`),
    attributes: sentAttributes(fields, `${under}MessageAttribute`),
    systemAttributes: sentAttributes(fields, `${under}MessageSystemAttribute`),
  };
}

/** `MessageAttribute.1.Name`, `MessageAttribute.1.Value.DataType` and so on, counted from 1. */
function sentAttributes(fields: ReadonlyMap<string, string>, under: string): JsonObject {
  const found: [string, JsonObject][] = [];
  for (let n = 1; ; n++) {
    const name = fields.get(`${under}.${n}.Name`);
    if (name === undefined) return Object.fromEntries(found);
    found.push([name, attributeOf((part) => fields.get(`${under}.${n}.Value.${part}`))]);
  }
}

function givenMessage(xml: string): Message {
  const attributes = [...xml.matchAll(/<MessageAttribute>(.*?)<\/MessageAttribute>/gs)].flatMap(
    ([, attribute = '']) => {
      const name = elementText(attribute, 'Name');
      return name === undefined ? [] : [[name, attributeOf((part) => elementText(attribute, part))] as const];
    },
  );
  return { given: elementText(xml, 'Body'), attributes: Object.fromEntries(attributes) };
}

/** As the newer protocol has it in JSON. */
function attributeOf(partOf: (name: string) => string | undefined): JsonObject {
  const parts = ['DataType', 'StringValue', 'BinaryValue'].flatMap((name) => {
    const text = partOf(name);
    return text === undefined ? [] : [[name, text] as const];
  });
  return Object.fromEntries(parts);
}

function withElement(xml: string, name: string, text: string): string {
  return xml.replace(new RegExp(`<${name}>[^<]*</${name}>`), () => `<${name}>${text}</${name}>`);
}

function elementText(xml: string, name: string): string | undefined {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return found === undefined ? undefined : unescaped(found);
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function unescaped(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(lt|gt|quot|apos|amp));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return entities[String(name).toLowerCase()] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
