import { buildImage } from '../images.ts';
import { groupOf, type HostileBehaviour, type Row } from './behaviour.ts';
import { answer, head, json, raw, redirect, reset, silence, trickle, withHeaders } from './bytes.ts';
import { COLLECTOR } from './collector.ts';
import { HOSTILE_TEXT } from './texts.ts';

const OPEN = /^registry:POST upload$/;
const SEND = /^registry:PUT upload$/;
const PUSH = /^registry:PUT manifest$/;
const LOOK = /^registry:HEAD blob$/;
const FIND = /^registry:(?:HEAD|GET) manifest$/;

/** Of the registry that is copied to. */
const OWN = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

/** Of the image that is deployed past these programs. */
const WANTED = buildImage({ seed: 'v2', behaviour: { version: 'v2' } }).digest;

const at = (location: string) => answer(202, '', { location });
const unsafe = /could not follow 123456789012\.dkr\.ecr\.eu-west-1\.amazonaws\.com to .*: it/;

const leads = (name: string, location: string, says = unsafe): Row => ({
  name: `upload ${name}`,
  on: OPEN,
  act: () => at(location),
  ends: 'refused',
  says,
});

export const uploads: readonly HostileBehaviour[] = groupOf('uploads', [
  leads('to a metadata service', 'https://169.254.169.254/latest'),
  leads('over http', `http://${COLLECTOR}/upload`),
  leads('over http, to the own host', `http://${OWN}/v2/agent/blobs/uploads/1`),
  leads('with a user and a password', `https://user:pw@${COLLECTOR}/upload`),
  leads('to a file', 'file:///tmp/x', /it named no upload location/),
  leads('to another host, which keeps it for itself', `https://${COLLECTOR}/v2/x/blobs/uploads/1`, /could not push/),
  leads('to a host that asks for a login', `https://${COLLECTOR}/challenge`, /asks for a login/),
  {
    name: 'upload to this machine',
    on: OPEN,
    act: ({ trap }) => at(`${trap.replace('http:', 'https:')}/upload`),
    ends: 'refused',
    says: unsafe,
  },
  { name: 'upload to nowhere', on: OPEN, act: () => answer(202), ends: 'refused', says: /it named no upload location/ },
  {
    name: 'address of an upload with 60,000 characters',
    on: OPEN,
    act: async ({ honest }) => {
      const given = await honest();
      return given.status === 202
        ? withHeaders(given, { location: `${given.headers?.['location']}&x=${'x'.repeat(60_000)}` })
        : given;
    },
    ends: 'deployed',
  },
  {
    name: 'control characters in the address of an upload',
    on: OPEN,
    act: () => raw(head('202 Accepted', ['location: https://collector.example/\u0007\u001b[31m', 'content-length: 0'])),
    ends: 'refused',
    says: /could not/,
  },
  {
    name: 'upload that is accepted again and again',
    on: SEND,
    act: ({ request }) => at(request.url.href),
    ends: 'refused',
    says: /202/,
  },
  {
    name: 'upload that ends without being stored',
    on: SEND,
    act: () => answer(201),
    ends: 'refused',
    says: /could not push/,
  },
  {
    name: 'upload that is sent elsewhere',
    on: SEND,
    act: () => redirect(`https://${COLLECTOR}/v2/x/blobs/uploads/1`),
    ends: 'refused',
    says: /307/,
  },
  { name: 'upload without an answer', on: SEND, act: () => silence(), ends: 'refused', says: /time was up/ },
  {
    name: 'upload that is reset',
    on: SEND,
    act: () => reset(),
    ends: 'refused',
    says: /could not reach|could not push/,
  },
  {
    name: 'upload that is always about to go on',
    on: SEND,
    act: () => trickle('', head('100 Continue'), 1_000),
    ends: 'refused',
    says: /time was up/,
  },
  {
    name: 'blob that is too long, in any size',
    on: SEND,
    act: () => answer(413, HOSTILE_TEXT),
    ends: 'refused',
    says: /413/,
  },
  {
    name: 'smallest piece of a gigabyte',
    on: /^registry:(?:POST|PUT) upload$/,
    act: async ({ request, honest }) =>
      request.method === 'POST'
        ? withHeaders(await honest(), { 'oci-chunk-min-length': '999999999' })
        : request.body.length > 0
          ? answer(413)
          : await honest(),
    ends: 'deployed',
  },
  {
    name: 'piece after which the upload goes on at a metadata service',
    on: /^registry:(?:PUT|PATCH) upload$/,
    act: ({ request }) => (request.method === 'PUT' ? answer(413) : at('https://169.254.169.254/latest')),
    ends: 'refused',
    says: unsafe,
  },
  {
    name: 'piece after which the upload is where it was',
    on: /^registry:(?:PUT|PATCH) upload$/,
    act: ({ request }) =>
      request.method === 'PUT' ? answer(413) : answer(416, '', { location: request.url.href, range: '0-0' }),
    ends: 'refused',
    says: /413|416/,
  },
  { name: 'every blob is already present', on: LOOK, act: () => answer(200), ends: 'refused', says: /could not push/ },
  {
    name: 'image that is said to be already present',
    on: FIND,
    act: () => answer(200, '', { 'docker-content-digest': WANTED }),
    ends: 'rolled-back',
    says: /CannotPullContainerError|could not/,
  },
  {
    name: 'manifest that is stored under another digest',
    on: PUSH,
    act: async ({ honest }) => withHeaders(await honest(), { 'docker-content-digest': `sha256:${'2'.repeat(64)}` }),
    ends: 'refused',
    says: /the registry stored it as sha256:2222/,
  },
  {
    name: 'manifest that is taken and not stored',
    on: PUSH,
    act: () => answer(201),
    ends: 'refused',
    says: /the registry does not show it/,
  },
  {
    name: 'manifest that is refused with commands and colors',
    on: PUSH,
    act: () => json(400, { errors: [{ code: 'MANIFEST_INVALID', message: HOSTILE_TEXT, detail: { HOSTILE_TEXT } }] }),
    ends: 'refused',
    says: /400 MANIFEST_INVALID/,
  },
  {
    name: 'other kind of login, at another host',
    on: OPEN,
    act: () => answer(401, '', { 'www-authenticate': `Bearer realm="https://${COLLECTOR}/token",service="x"` }),
    ends: 'refused',
    says: /collector\.example is not one of its token services/,
  },
]).map((behaviour) => ({ ...behaviour, at: 'destination' as const }));
