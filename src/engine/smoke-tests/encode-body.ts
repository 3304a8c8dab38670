import path from 'node:path';
import type { Files } from '../../io/files.ts';
import { DeployError } from '../../model/errors.ts';
import { formatExactJson } from '../../model/exact-json.ts';
import { MOST_UPLOAD_BYTES, type RequestBody } from '../../model/smoke-test.ts';

export interface EncodedBody {
  readonly bytes: Buffer | null;
  readonly contentType: string | null;
}

/** @throws DeployError INPUT_INVALID when the file cannot be read or is larger than 64 MiB. */
export async function encodeBody(body: RequestBody, files: Files): Promise<EncodedBody> {
  switch (body.kind) {
    case 'none':
      return { bytes: null, contentType: null };
    case 'text':
      return { bytes: Buffer.from(body.text), contentType: 'text/plain; charset=utf-8' };
    case 'json':
      return { bytes: Buffer.from(formatExactJson(body.value)), contentType: 'application/json' };
    case 'raw':
      return { bytes: readUpload(body.path, files), contentType: mediaTypeOf(body.path) };
    case 'file':
      return await encodeForm(body.field, body.path, readUpload(body.path, files));
  }
}

function readUpload(name: string, files: Files): Buffer {
  try {
    return files.readInput(name, MOST_UPLOAD_BYTES);
  } catch (error) {
    if (error instanceof DeployError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const why = error instanceof RangeError ? 'it is larger than 64 MiB' : (code ?? message);
    throw new DeployError('INPUT_INVALID', `could not read the file ${name}: ${why}`, {
      cause: error,
      hint: 'Check the path from the root of the repository, and that it is a file of at most 64 MiB.',
    });
  }
}

async function encodeForm(field: string, file: string, content: Buffer): Promise<EncodedBody> {
  const form = new FormData();
  form.append(field, new Blob([new Uint8Array(content)], { type: mediaTypeOf(file) }), path.basename(file));
  const encoded = new Response(form);
  return { bytes: Buffer.from(await encoded.arrayBuffer()), contentType: encoded.headers.get('content-type') };
}

/** Servers check the part's type before they read the bytes, so an image has to be declared as one. */
function mediaTypeOf(file: string): string {
  return MEDIA_TYPES.get(path.extname(file).toLowerCase()) ?? 'application/octet-stream';
}

const MEDIA_TYPES: ReadonlyMap<string, string> = new Map([
  ['.csv', 'text/csv'],
  ['.gif', 'image/gif'],
  ['.jpeg', 'image/jpeg'],
  ['.jpg', 'image/jpeg'],
  ['.json', 'application/json'],
  ['.mp3', 'audio/mpeg'],
  ['.pdf', 'application/pdf'],
  ['.png', 'image/png'],
  ['.txt', 'text/plain'],
  ['.wav', 'audio/wav'],
  ['.webp', 'image/webp'],
]);
