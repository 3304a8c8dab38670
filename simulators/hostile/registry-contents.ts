import { gzipSync } from 'node:zlib';
import type { SimulatedResponse } from '../edge/host.ts';
import { groupOf } from './behaviour.ts';
import {
  answer,
  CHUNKED,
  chunk,
  endless,
  head,
  json,
  raw,
  redirect,
  reset,
  silence,
  trickle,
  withHeaders,
} from './bytes.ts';
import { COLLECTOR } from './collector.ts';
import { emptyIndex, forge, indexOf, onceLoggedIn, replaceBody, serveForged, sha256 } from './forge.ts';
import { HOSTILE_LINE } from './texts.ts';

const MANIFEST = /^registry:GET manifest$/;
const BLOB = /^registry:GET blob$/;
const OCTETS = 'content-type: application/octet-stream';
const wrongBytes = /its content has the digest sha256:/;
const wrongLength = /it ended after 9 of \d+ bytes|its content has the digest sha256:/;
const notManifest = /could not read registry\.acme\.dev\/acme\/agent.*: its manifest/;

export const manifests = groupOf('manifests', [
  {
    name: 'digest in the header that is not that of the content',
    on: MANIFEST,
    act: (turn) =>
      onceLoggedIn(turn, (given) => withHeaders(given, { 'docker-content-digest': `sha256:${'0'.repeat(64)}` })),
    ends: 'refused',
    says: /the registry sent something else/,
  },
  {
    name: 'manifest as a web page by its type',
    on: MANIFEST,
    act: (turn) => onceLoggedIn(turn, (given) => withHeaders(given, { 'content-type': 'text/html' })),
    ends: 'deployed',
  },
  {
    name: 'manifest of Docker schema 1',
    on: MANIFEST,
    act: (turn) => forge(turn, (document) => ({ ...document, schemaVersion: 1 })),
    ends: 'refused',
    says: /outdated Docker schema 1 format/,
  },
  {
    name: 'image and index in one manifest',
    on: MANIFEST,
    act: (turn) => forge(turn, (document) => ({ ...document, manifests: [] })),
    ends: 'refused',
    says: /an image and an index at once/,
  },
  {
    name: 'index by its type, image by its content',
    on: MANIFEST,
    act: (turn) => forge(turn, (document) => ({ ...document, mediaType: 'application/vnd.oci.image.index.v1+json' })),
    ends: 'refused',
    says: /which is not that of its content/,
  },
  {
    name: 'duplicate keys in a manifest',
    on: MANIFEST,
    act: (turn) => forge(turn, (document) => JSON.stringify(document).replace('{', '{"layers":[],"config":{},')),
    ends: 'deployed',
  },
  {
    name: '`__proto__` and `constructor` in a manifest',
    on: MANIFEST,
    act: (turn) =>
      forge(turn, (document) =>
        JSON.stringify(document).replace('{', '{"__proto__":{"manifests":[]},"constructor":{"prototype":{"x":1}},'),
      ),
    ends: 'deployed',
  },
  {
    name: 'lists 100,000 deep in a manifest',
    on: MANIFEST,
    act: (turn) =>
      forge(turn, (document) =>
        JSON.stringify(document).replace('{', `{"annotations":${'['.repeat(100_000)}${']'.repeat(100_000)},`),
      ),
    ends: 'deployed',
  },
  {
    name: 'manifest of 5 MiB',
    on: MANIFEST,
    act: (turn) => onceLoggedIn(turn, (given) => ({ ...given, body: Buffer.alloc(5 * 1024 * 1024, 32) })),
    ends: 'refused',
    says: /larger than 4 MiB/,
  },
  {
    name: 'endless manifest',
    on: MANIFEST,
    act: (turn) => onceLoggedIn(turn, () => endless(head('200 OK', [CHUNKED]), chunk(' '.repeat(4_000)))),
    ends: 'refused',
    says: /longer than 4194304 bytes|time was up/,
  },
  {
    name: 'manifest that trickles',
    on: MANIFEST,
    act: (turn) => onceLoggedIn(turn, () => trickle(head('200 OK', [CHUNKED]), chunk(' '), 2_000)),
    ends: 'refused',
    says: /time was up/,
  },
  {
    name: 'manifest that never comes',
    on: MANIFEST,
    act: (turn) => onceLoggedIn(turn, () => silence()),
    ends: 'refused',
    says: /time was up/,
  },
  {
    name: 'manifest that breaks off',
    on: MANIFEST,
    act: (turn) => onceLoggedIn(turn, () => raw(head('200 OK', ['content-length: 5000']), '{"schemaVersion":2')),
    ends: 'refused',
    says: /could not read the response: aborted/,
  },
  {
    name: 'packed manifest that is a bomb',
    on: MANIFEST,
    act: (turn) =>
      onceLoggedIn(turn, (given) => ({
        ...withHeaders(given, { 'content-encoding': 'gzip' }),
        body: gzipSync(Buffer.alloc(50_000_000)),
      })),
    ends: 'refused',
    says: /the registry sent something else/,
  },
  {
    name: 'index that is five levels deep',
    on: MANIFEST,
    act: (turn) => {
      const levels = [emptyIndex(0)];
      for (let level = 1; level < 6; level++) levels.unshift(indexOf([levels[0]!]));
      return serveForged(turn, levels);
    },
    ends: 'refused',
    says: /deeper than 4 levels|is no image/,
  },
  {
    name: 'index that contains itself',
    on: MANIFEST,
    act: (turn) => {
      const child = { ...emptyIndex(0), digest: sha256(Buffer.from('itself')) };
      const top = indexOf([child]);
      return serveForged(turn, [top, { ...child, bytes: top.bytes }]);
    },
    ends: 'refused',
    says: /the registry sent something else|it does not have the size/,
  },
  {
    name: 'index of 1,100 indexes',
    on: MANIFEST,
    act: (turn) => {
      const children = Array.from({ length: 11 }, (_, n) =>
        indexOf(Array.from({ length: 100 }, (_, m) => emptyIndex(n * 100 + m))),
      );
      return serveForged(turn, [indexOf(children), ...children]);
    },
    ends: 'refused',
    says: /more than 1000 manifests|is no image/,
  },
  {
    name: 'index of 1,001 manifests',
    on: MANIFEST,
    act: (turn) => serveForged(turn, [indexOf(Array.from({ length: 1_001 }, (_, n) => emptyIndex(n)))]),
    ends: 'refused',
    says: notManifest,
  },
  {
    name: 'index of nothing',
    on: MANIFEST,
    act: (turn) => serveForged(turn, [emptyIndex(0)]),
    ends: 'refused',
    says: /could not/,
  },
  {
    name: 'layer that is at a metadata service',
    on: MANIFEST,
    act: (turn) =>
      forge(turn, (document) => {
        const mediaType = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip';
        const urls = [
          'http://169.254.169.254/latest/meta-data',
          `https://${COLLECTOR}/layer`,
          'file:///proc/self/environ',
        ];
        const foreign = { mediaType, digest: `sha256:${'1'.repeat(64)}`, size: 100, urls };
        return { ...document, layers: [...document.layers, foreign] };
      }),
    ends: 'deployed',
  },
  {
    name: 'layer of 9 million gigabytes',
    on: MANIFEST,
    act: (turn) =>
      forge(turn, (document) => ({
        ...document,
        layers: document.layers.map((layer) => ({ ...layer, size: Number.MAX_SAFE_INTEGER })),
      })),
    ends: 'refused',
    says: /could not read blob|could not copy blob/,
  },
  {
    name: 'layer of negative size',
    on: MANIFEST,
    act: (turn) =>
      forge(turn, (document) => ({ ...document, layers: document.layers.map((layer) => ({ ...layer, size: -1 })) })),
    ends: 'refused',
    says: notManifest,
  },
  {
    name: 'digest that is a path',
    on: MANIFEST,
    act: (turn) =>
      forge(turn, (document) => ({
        ...document,
        layers: document.layers.map((layer) => ({ ...layer, digest: 'sha256:../../../../v2/acme/other/blobs/x' })),
      })),
    ends: 'refused',
    says: notManifest,
  },
  {
    name: 'type of a manifest that is commands and colors',
    on: MANIFEST,
    act: (turn) => forge(turn, (document) => ({ ...document, mediaType: HOSTILE_LINE })),
    ends: 'refused',
    says: notManifest,
  },
  {
    name: 'manifest that redirects to a metadata service',
    on: MANIFEST,
    act: (turn) => onceLoggedIn(turn, () => redirect('https://169.254.169.254/latest/meta-data')),
    ends: 'refused',
    says: /could not follow registry\.acme\.dev to 169\.254\.169\.254: it is a link-local address/,
  },
  {
    name: 'config that is 4 MiB of lists',
    on: BLOB,
    act: (turn) => replaceBody(turn, () => '['.repeat(4_000_000)),
    ends: 'refused',
    says: /could not/,
  },
]);

const follows = (name: string, location: string, says: RegExp) => ({
  name,
  on: BLOB,
  act: () => redirect(location),
  ends: 'refused' as const,
  says,
});

export const blobs = groupOf('blobs', [
  follows('redirect to a metadata service over http', 'http://169.254.169.254/latest/meta-data', /it is not https/),
  follows('redirect to a metadata service', 'https://169.254.169.254/latest/meta-data', /it is a link-local address/),
  follows('redirect to a metadata service as a number', 'https://2852039166/latest', /it is a link-local address/),
  follows('redirect to a metadata service in IPv6', 'https://[::ffff:169.254.169.254]/', /it is a link-local address/),
  follows('redirect to a metadata service by name', 'https://metadata.google.internal./x', /a metadata service/),
  follows('redirect from https to http', `http://${COLLECTOR}/blob`, /it is not https/),
  follows('redirect with a user and a password', `https://user:pw@${COLLECTOR}/blob`, /it has credentials in it/),
  follows('redirect to a file', 'file:///proc/self/environ', /it is not https/),
  follows('redirect to data', `data:text/plain,${'x'.repeat(100)}`, /it is not https/),
  follows('redirect to a host that sends something else', `https://${COLLECTOR}/blob`, wrongLength),
  follows('redirect to a private address that sends something else', 'https://10.0.0.5/blob', wrongLength),
  follows('redirect to no address', 'https://[', /307/),
  follows(
    'redirect to a host with a name of 20,000 characters',
    `https://user@${'a.'.repeat(10_000)}example/`,
    /credentials/,
  ),
  {
    name: 'redirect to this machine',
    on: BLOB,
    act: ({ trap }) => redirect(`${trap.replace('http:', 'https:')}/blob`),
    ends: 'refused',
    says: /it is this machine/,
  },
  {
    name: 'redirect in a circle',
    on: BLOB,
    act: ({ request }) => redirect(request.url.pathname),
    ends: 'refused',
    says: /more than 5 redirects/,
  },
  {
    name: 'redirect to a host that redirects back',
    on: BLOB,
    act: ({ request }) => redirect(`https://${COLLECTOR}/back?to=${encodeURIComponent(request.url.href)}`),
    ends: 'refused',
    says: /more than 5 redirects/,
  },
  {
    name: 'other bytes of the same length',
    on: BLOB,
    act: (turn) => replaceBody(turn, (body) => Buffer.alloc(body.length, 7)),
    ends: 'refused',
    says: wrongBytes,
  },
  {
    name: 'endless blob',
    on: BLOB,
    act: (turn) => onceLoggedIn(turn, () => endless(head('200 OK', [OCTETS, CHUNKED]), chunk('x'.repeat(4_000)))),
    ends: 'refused',
    says: /longer than \d+ bytes/,
  },
  {
    name: 'blob that trickles',
    on: BLOB,
    act: (turn) => onceLoggedIn(turn, () => trickle(head('200 OK', [OCTETS, CHUNKED]), chunk('x'), 2_000)),
    ends: 'refused',
    says: /time was up/,
  },
  {
    name: 'blob that stops in the middle',
    on: BLOB,
    act: (turn) => onceLoggedIn(turn, ({ body = '' }) => halfOf(body, (part, start) => silence(start + part))),
    ends: 'refused',
    says: /time was up/,
  },
  {
    name: 'blob that breaks off in the middle',
    on: BLOB,
    act: (turn) => onceLoggedIn(turn, ({ body = '' }) => halfOf(body, (part, start) => raw(start, part))),
    ends: 'refused',
    says: /could not read|aborted|ended after/,
  },
  {
    name: 'blob that is reset in the middle',
    on: BLOB,
    act: (turn) => onceLoggedIn(turn, ({ body = '' }) => halfOf(body, (part, start) => reset(start + part))),
    ends: 'refused',
    says: /could not read|aborted|ECONNRESET/,
  },
  {
    name: 'no bytes, and more each time',
    on: BLOB,
    act: (turn) =>
      onceLoggedIn(turn, ({ body = '' }) =>
        raw(head('206 Partial Content', [`content-length: ${body.length}`, `content-range: bytes 0-0/${body.length}`])),
      ),
    ends: 'refused',
    says: /206|could not/,
  },
  {
    name: 'status of success without a blob',
    on: BLOB,
    act: (turn) => onceLoggedIn(turn, () => answer(204)),
    ends: 'refused',
    says: /204/,
  },
  { name: 'redirect without an address', on: BLOB, act: () => answer(302), ends: 'refused', says: /302/ },
  {
    name: 'blob that is packed once more',
    on: BLOB,
    act: (turn) =>
      onceLoggedIn(turn, (given) => ({
        ...withHeaders(given, { 'content-encoding': 'gzip' }),
        body: gzipSync(Buffer.from(given.body ?? '')),
      })),
    ends: 'refused',
    says: /it is longer than \d+ bytes/,
  },
]);

function halfOf(body: string | Buffer, send: (part: string, start: string) => SimulatedResponse): SimulatedResponse {
  const bytes = Buffer.from(body as string);
  return send(
    bytes.subarray(0, bytes.length / 2).toString('latin1'),
    head('200 OK', [OCTETS, `content-length: ${bytes.length}`]),
  );
}

const TAGS = /^registry:GET tags$/;
const noSuchTag = { image: 'registry.acme.dev/acme/agent:v22' };
const notThere = /does not have it/;

export const lists = groupOf('lists', [
  {
    name: 'tags that are commands and colors',
    on: TAGS,
    act: () => json(200, { tags: ['v2\n::error::x', `v2${'\u001b'}[31m`, 'v2\u202e', `V22 ${HOSTILE_LINE}`] }),
    inputs: noSuchTag,
    ends: 'refused',
    says: notThere,
  },
  {
    name: 'tag of a megabyte',
    on: TAGS,
    act: () => json(200, { tags: [`v22${'2'.repeat(1_000_000)}`] }),
    inputs: noSuchTag,
    ends: 'refused',
    says: notThere,
  },
  {
    name: '100,000 tags on each of endless pages',
    on: TAGS,
    act: ({ nth }) =>
      json(
        200,
        { tags: Array.from({ length: 100_000 }, (_, n) => `v${n}`) },
        { link: `</v2/acme/agent/tags/list?last=${nth}>; rel="next"` },
      ),
    inputs: noSuchTag,
    ends: 'refused',
    says: notThere,
  },
  {
    name: 'next page on another host',
    on: TAGS,
    act: () => json(200, { tags: [] }, { link: `<https://${COLLECTOR}/v2/acme/agent/tags/list>; rel="next"` }),
    inputs: noSuchTag,
    ends: 'refused',
    says: notThere,
  },
  {
    name: 'next page of a metadata service',
    on: TAGS,
    act: () => json(200, { tags: null }, { link: '<http://169.254.169.254/latest>; rel="next"' }),
    inputs: noSuchTag,
    ends: 'refused',
    says: notThere,
  },
  {
    name: 'list that never ends',
    on: TAGS,
    act: () => endless(head('200 OK', [CHUNKED]), chunk('"v2",'.repeat(500))),
    inputs: noSuchTag,
    ends: 'refused',
    says: notThere,
  },
  {
    name: 'referrers on endless pages',
    on: /^registry:GET referrers$/,
    act: ({ nth, request }) =>
      json(200, { manifests: [] }, { link: `<${request.url.pathname}?last=${nth}>; rel="next"` }),
    inputs: { 'copy-referrers': 'true' },
    ends: 'deployed',
  },
  {
    name: 'referrers that refer to each other in a circle',
    on: /^registry:GET referrers$/,
    act: ({ request }) =>
      json(200, {
        manifests: [
          {
            mediaType: 'application/vnd.oci.image.manifest.v1+json',
            digest: decodeURIComponent(request.url.pathname.split('/').at(-1) ?? ''),
            size: 100,
          },
        ],
      }),
    inputs: { 'copy-referrers': 'true' },
    ends: 'deployed',
  },
  {
    name: 'referrers by the thousand',
    on: /^registry:GET referrers$/,
    act: () =>
      json(200, {
        manifests: Array.from({ length: 1_500 }, (_, n) => ({
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          digest: emptyIndex(n).digest,
          size: 100,
        })),
      }),
    inputs: { 'copy-referrers': 'true' },
    ends: 'refused',
    says: /could not copy what refers to/,
  },
]);
