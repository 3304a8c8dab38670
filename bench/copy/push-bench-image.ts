import { type BenchImage, readBenchBlob } from './bench-images.ts';

/** Puts the image into a registry on this machine, as bench/NAME:v1. */
export async function pushBenchImage(host: string, image: BenchImage): Promise<void> {
  const repository = `http://${host}/v2/bench/${image.name}`;
  for (const blob of image.blobs) {
    const opened = await ask(`${repository}/blobs/uploads/`, { method: 'POST' });
    const location = new URL(opened.headers.get('location') ?? '', repository);
    location.searchParams.set('digest', blob.digest);
    await ask(location, { method: 'PUT', body: ReadableStream.from(readBenchBlob(blob)), duplex: 'half' });
  }
  for (const { digest, mediaType, bytes } of image.manifests) {
    const reference = digest === image.digest ? 'v1' : digest;
    const headers = { 'content-type': mediaType };
    await ask(`${repository}/manifests/${reference}`, { method: 'PUT', headers, body: new Uint8Array(bytes) });
  }
}

async function ask(url: string | URL, init: RequestInit & { readonly duplex?: 'half' }): Promise<Response> {
  const response = await fetch(url, init);
  await response.arrayBuffer();
  if (response.ok) return response;
  throw new Error(`could not push to ${new URL(url).host}: it said ${response.status}`);
}
