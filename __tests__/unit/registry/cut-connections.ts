import type { OciImage } from '../../../simulators/images.ts';
import type { ServedHost } from './world.ts';

export interface Traffic {
  /** Of blobs, over the wire, the broken transfers included. */
  bytes: number;
  cuts: number;
}

/** The first transfer of each blob breaks after this part of it. Ranges are served as usual. */
export function cutDownloads(served: ServedHost, image: OciImage, fraction: number): Traffic {
  const traffic: Traffic = { bytes: 0, cuts: 0 };
  const waiting = new Map(image.blobs.map((blob) => [blob.digest, blob]));
  served.intercept = (request, response) => {
    const digest = /\/blobs\/(sha256:[a-f0-9]+)$/.exec(request.url ?? '')?.[1] ?? '';
    const size = image.blobs.find((blob) => blob.digest === digest)?.bytes.length;
    if (request.method !== 'GET' || size === undefined) return false;
    const offset = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const blob = waiting.get(digest);
    waiting.delete(digest);
    const sent = blob ? Math.floor(size * fraction) : size - offset;
    traffic.bytes += sent;
    if (!blob) return false;
    traffic.cuts += 1;
    response.writeHead(200, { 'content-length': String(size) });
    response.write(blob.bytes.subarray(0, sent), () => request.socket.destroy());
    return true;
  };
  return traffic;
}

/** The first upload of each blob breaks when this part of it has come. */
export function cutUploads(served: ServedHost, fraction: number): Traffic {
  const traffic: Traffic = { bytes: 0, cuts: 0 };
  const seen = new Set<string>();
  served.intercept = (request) => {
    const digest = new URL(request.url ?? '', 'http://x').searchParams.get('digest');
    if (request.method !== 'PUT' || digest === null) return false;
    const size = Number(request.headers['content-length']);
    if (seen.has(digest)) traffic.bytes += size;
    if (seen.has(digest)) return false;
    seen.add(digest);
    traffic.cuts += 1;
    let come = 0;
    request.on('data', (chunk: Buffer) => {
      come += chunk.length;
      traffic.bytes += chunk.length;
      if (come >= size * fraction) request.socket.destroy();
    });
    return true;
  };
  return traffic;
}
