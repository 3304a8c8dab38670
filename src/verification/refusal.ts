import { DeployError } from '../model/errors.ts';
import { formatImage, type ImageReference } from '../model/image.ts';
import type { SignedRequirement } from '../model/requirement.ts';
import { quoteForeign } from './candidate.ts';
import type { Rejected, Unfulfilled } from './verify-image.ts';

const MOST_LISTED = 5;

/** What was required, what was found instead, and which line would accept it. */
export function refusalOf(image: ImageReference, unfulfilled: readonly Unfulfilled[]): DeployError {
  const name = formatImage({ ...image, tag: null });
  const parts = unfulfilled.map(describeUnfulfilled);
  return new DeployError('IMAGE_UNVERIFIED', `could not verify ${name}: ${parts.join('\n  ')}`, {
    hint: hintFor(unfulfilled, name),
  });
}

/** For an image that no requirement is for. */
export function uncovered(image: ImageReference): DeployError {
  const { registry, repository } = image;
  const name = `${registry}/${repository}`;
  return new DeployError(
    'IMAGE_UNVERIFIED',
    `could not verify ${formatImage(image)}: no entry of \`verify\` is for it`,
    {
      hint: `Add an entry for it (\`images: ${name}\`), or deploy it unverified: \`- unverified: ${name}\`.`,
    },
  );
}

function describeUnfulfilled({ requirement, rejected }: Unfulfilled): string {
  const { label } = requirement;
  const wanted = `${label} requires ${describeRequirement(requirement)}`;
  if (rejected.length === 0) return `${wanted}, and it has none`;
  // Whose they are is worth more than what is wrong with the rest.
  const known = rejected.filter(({ claims }) => claims !== null);
  const all = [...known, ...rejected.filter(({ claims }) => claims === null)];
  const lines = all.slice(0, MOST_LISTED).map((one) => `\n  - ${describeRejected(one)}`);
  const more = rejected.length > MOST_LISTED ? `\n  - and ${rejected.length - MOST_LISTED} more` : '';
  return `${wanted}; found:${lines.join('')}${more}`;
}

function describeRequirement(requirement: SignedRequirement): string {
  switch (requirement.kind) {
    case 'attestation':
      return `an attestation of ${requirement.repository} (${requirement.predicateType})`;
    case 'identity':
      return `a signature by ${requirement.identity} (issuer ${requirement.issuer})`;
    case 'key':
      return 'a signature by the key';
  }
}

function describeRejected({ found, problem, claims }: Rejected): string {
  const certificate = claims?.certificate;
  if (!certificate) return `${found} ${problem}`;
  const type = claims.predicateType === null ? '' : `${quoteForeign(claims.predicateType)}, `;
  const who = `${type}signed by ${quoteForeign(certificate.identity)}, issuer ${quoteForeign(certificate.issuer)}`;
  return `${found} (${who}) ${problem}`;
}

function hintFor(unfulfilled: readonly Unfulfilled[], name: string): string {
  const lines = unfulfilled.flatMap(({ requirement, rejected }) => {
    const near = rejected.find(({ mismatches }) => mismatches.length > 0 && mismatches.every(({ accept }) => accept));
    const accepted = near?.mismatches.map(({ accept }) => `\`${quoteForeign(accept ?? '')}\``).join(' and ');
    return accepted ? [`${requirement.label} would accept it with ${accepted}: write that only if you trust it.`] : [];
  });
  if (lines.length > 0) return `Deploy an image that your own build signed. ${lines.join(' ')}`;
  return `Sign this digest in the build (actions/attest with push-to-registry: true, or cosign sign ${name}), then run again.`;
}
