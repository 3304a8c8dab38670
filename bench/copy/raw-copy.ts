import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { pipeline } from 'node:stream/promises';

/**
 * raw-copy.ts BLOBS SOURCE DESTINATION: what the line and the registries leave to be won. The blobs, known beforehand as
 * JSON, go from GET to PUT with nothing between: no look-up, no hash, no check, no retry, no manifest.
 */
const [list = '[]', source = '', destination = ''] = process.argv.slice(2);
const blobs = JSON.parse(list) as readonly { readonly digest: string; readonly size: number }[];
const transport = source.startsWith('https:') ? https : http;
// The types know no highWaterMark, which the agent hands to its sockets.
const options = { keepAlive: true, maxSockets: 64, highWaterMark: 1024 * 1024 };
const agent = new transport.Agent(options);
const waiting = [...blobs];
await Promise.all(Array.from({ length: Math.min(32, waiting.length) }, () => work()));
process.exit(0);

async function work(): Promise<void> {
  for (let blob = waiting.pop(); blob; blob = waiting.pop()) await move(blob);
}

async function move({ digest, size }: (typeof blobs)[number]): Promise<void> {
  const [body, opened] = await Promise.all([
    send('GET', `${source}/blobs/${digest}`),
    send('POST', `${destination}/blobs/uploads/`),
  ]);
  opened.resume();
  const location = new URL(opened.headers.location ?? '', destination);
  location.searchParams.set('digest', digest);
  const put = transport.request(location, { method: 'PUT', agent, headers: { 'content-length': size } });
  const answered = once(put, 'response');
  await pipeline(body, put);
  const [answer] = (await answered) as [http.IncomingMessage];
  if (answer.statusCode !== 201) throw new Error(`the registry said ${answer.statusCode}`);
  answer.resume();
}

async function send(method: string, url: string): Promise<http.IncomingMessage> {
  const request = transport.request(url, { method, agent }).end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return response;
}
