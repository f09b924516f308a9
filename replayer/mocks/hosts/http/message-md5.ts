/** The MD5 of a message of SQS, and of its attributes, as its developer guide has them. Pure. */
import { createHash } from 'node:crypto';
import { isJsonObject, type JsonValue } from '../../../../tape/json/json';

export function md5(content: string | Buffer): string {
  return createHash('md5').update(content).digest('hex');
}

/** By name, each of three parts behind its length; 1 is for text, 2 for bytes. Null for what it has no rule for. */
export function md5OfAttributes(attributes: JsonValue | undefined): string | null {
  if (!isJsonObject(attributes)) return null;
  const names = Object.keys(attributes).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const parts = names.map((name) => attributeBytes(name, attributes[name]));
  return parts.every((part) => part !== null) ? md5(Buffer.concat(parts)) : null;
}

function attributeBytes(name: string, attribute: JsonValue | undefined): Buffer | null {
  if (!isJsonObject(attribute) || typeof attribute.DataType !== 'string') return null;
  const { DataType: type, StringValue: text, BinaryValue: binary } = attribute;
  const head = [withLength(Buffer.from(name)), withLength(Buffer.from(type))];
  if (typeof text === 'string') return Buffer.concat([...head, Buffer.from([1]), withLength(Buffer.from(text))]);
  if (typeof binary !== 'string') return null;
  return Buffer.concat([...head, Buffer.from([2]), withLength(Buffer.from(binary, 'base64'))]);
}

function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
