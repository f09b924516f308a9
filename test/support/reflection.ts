/** A server that tells of itself (grpc/reflection/v1/reflection.proto, and v1alpha), by hand: what it answers is whatever a test gives it. */
import type { Client } from '@grpc/grpc-js';
import { bytesField, FieldCursor } from '../../tape/body/protobuf/wire';
import { method } from './grpc-talk';

export const reflectionVersions = ['v1', 'v1alpha'] as const;
export type ReflectionVersion = (typeof reflectionVersions)[number];

const pathOf = (version: ReflectionVersion) => `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;

export const reflectionService = {
  v1: method(pathOf('v1'), { request: true, response: true }),
  v1alpha: method(pathOf('v1alpha'), { request: true, response: true }),
};

/** Fields of a request, and of a response. */
const asksForSymbol = 4;
const fileDescriptorResponse = 4;
const originalRequest = 2;

/** A response that holds these descriptors. */
export function tellsFiles(request: Uint8Array, files: readonly Uint8Array[]): Buffer {
  const told = Buffer.concat(files.map((file) => bytesField(1, file)));
  return Buffer.concat([bytesField(originalRequest, request), bytesField(fileDescriptorResponse, told)]);
}

/** Answers each request with what `filesFor` gives for the symbol that it names. */
export function reflectionOf(filesFor: (symbol: string) => readonly Uint8Array[]) {
  const answer = (call: NodeJS.ReadWriteStream) => {
    call.on('data', (request: Buffer) => call.write(tellsFiles(request, filesFor(symbolIn(request)))));
    call.on('end', () => call.end());
  };
  return { v1: answer, v1alpha: answer };
}

function symbolIn(request: Buffer): string {
  const cursor = new FieldCursor(request, 0, request.length);
  while (cursor.next()) {
    if (cursor.number === asksForSymbol) return request.toString('utf8', cursor.valueAt, cursor.valueEnd);
  }
  return '';
}

const same = (bytes: Buffer) => bytes;

/** Asks for the files of each symbol in turn, in one call. */
export function askReflection(
  client: Client,
  version: ReflectionVersion,
  ...symbols: readonly string[]
): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = client.makeBidiStreamRequest(pathOf(version), same, same);
    let asked = 0;
    const ask = () => {
      const symbol = symbols[asked++];
      if (symbol === undefined) call.end();
      else call.write(Buffer.from(bytesField(asksForSymbol, Buffer.from(symbol))));
    };
    call.on('data', ask);
    call.on('error', reject);
    call.on('end', resolve);
    ask();
  });
}
