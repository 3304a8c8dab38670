import { groupOf, type HostileTurn, type Row } from './behaviour.ts';
import { answer, CHUNKED, chunk, endless, head, json, redirect } from './bytes.ts';
import { COLLECTOR } from './collector.ts';
import { onceLoggedIn, sha256 } from './forge.ts';
import { HOSTILE_LINE } from './texts.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const inputs = { verify: '- attestation: { repository: acme/agent }' };
const EMPTY = Buffer.from('{}');

/** A referrer of the image whose bundle is this; it is what the registry says of it, so all digests are right. */
function bundleOf(name: string, content: string): Row {
  let subject = '';
  const blob = Buffer.from(content);
  const act = (turn: HostileTurn) =>
    onceLoggedIn(turn, (given) => {
      const { pathname } = turn.request.url;
      const asked = decodeURIComponent(pathname.split('/').at(-1) ?? '');
      const manifest = () => manifestOf(subject, blob);
      if (pathname.includes('/referrers/')) {
        subject = asked;
        const { digest, bytes } = manifest();
        return json(200, { manifests: [{ mediaType: MANIFEST, digest, size: bytes.length, artifactType: BUNDLE }] });
      }
      if (asked === sha256(blob)) return answer(200, blob);
      return asked === manifest().digest ? answer(200, manifest().bytes, { 'content-type': MANIFEST }) : given;
    });
  return {
    name,
    on: /^registry:GET (?:referrers|manifest|blob)$/,
    act,
    inputs,
    ends: 'refused',
    says: /could not verify/,
  };
}

function manifestOf(subject: string, bundle: Buffer) {
  const describe = (mediaType: string, bytes: Buffer) => ({ mediaType, digest: sha256(bytes), size: bytes.length });
  const document = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: describe('application/vnd.oci.empty.v1+json', EMPTY),
    layers: [describe(BUNDLE, bundle)],
    subject: { mediaType: MANIFEST, digest: subject, size: 100 },
  };
  const bytes = Buffer.from(JSON.stringify(document));
  return { digest: sha256(bytes), bytes };
}

const REFERRERS = /^registry:GET referrers$/;
const bundle = (more: object): string =>
  JSON.stringify({ mediaType: BUNDLE, verificationMaterial: {}, dsseEnvelope: {}, ...more });

export const signatures = groupOf('signatures', [
  bundleOf('bundle of commands and colors', JSON.stringify({ mediaType: HOSTILE_LINE })),
  bundleOf('bundle that is lists, 1,000,000 deep', '['.repeat(1_000_000) + ']'.repeat(1_000_000)),
  bundleOf('bundle with everything in its prototype', `{"__proto__":${bundle({})}}`),
  bundleOf(
    'bundle whose certificate is no certificate',
    bundle({
      verificationMaterial: { certificate: { rawBytes: 'AAAA' }, tlogEntries: [] },
      dsseEnvelope: { payload: 'AAAA', payloadType: HOSTILE_LINE, signatures: [{ sig: 'AAAA' }] },
    }),
  ),
  bundleOf(
    'bundle with 10,000 entries of a log',
    bundle({
      verificationMaterial: { publicKey: { hint: HOSTILE_LINE }, tlogEntries: Array(10_000).fill({ logIndex: '1' }) },
    }),
  ),
  {
    name: 'list of signatures that never ends',
    on: REFERRERS,
    act: () => endless(head('200 OK', [CHUNKED]), chunk(' '.repeat(4_000))),
    inputs,
    ends: 'refused',
    says: /longer than \d+ bytes|time was up/,
  },
  {
    name: 'list of signatures at another host',
    on: REFERRERS,
    act: (turn) => onceLoggedIn(turn, () => redirect(`https://${COLLECTOR}/list`)),
    inputs,
    ends: 'refused',
    says: /could not verify/,
  },
  {
    name: 'list of signatures of a metadata service',
    on: REFERRERS,
    act: (turn) => onceLoggedIn(turn, () => redirect('https://169.254.169.254/')),
    inputs,
    ends: 'refused',
    says: /link-local/,
  },
]);
