import type { JobPlace, StandIn } from '../runner/stand-in.ts';
import { ensureLogin } from './docker.ts';
import type { Outside } from './outside.ts';

export function attest(outside: Outside): StandIn {
  return async ({ job, inputs }) => {
    const name = inputs['subject-name'] ?? '';
    const digest = inputs['subject-digest'] ?? '';
    if (!/^sha256:[0-9a-f]{64}$/.test(digest))
      throw new Error('subject-digest must be in the format "sha256:<hex-digest>"');
    job.permissions.ensure('id-token', 'write');
    job.permissions.ensure('attestations', 'write');
    if (inputs['push-to-registry'] === 'true') {
      ensureLogin(job);
      job.permissions.ensure('packages', 'write');
    }
    if (inputs['create-storage-record'] !== 'false') job.permissions.ensure('artifact-metadata', 'write');
    outside.attested.add(outside.pull(`${name}@${digest}`).digest);
    if (inputs['push-to-registry'] === 'true') outside.refer(digest, await signAs(job, digest, outside));
    return { outputs: { 'attestation-id': '1', 'attestation-url': 'https://github.com/acme/agent/attestations/1' } };
  };
}

/** With a certificate that says what GitHub's tokens say of the job. */
async function signAs({ repository, ref, sha }: JobPlace, digest: string, outside: Outside): Promise<object> {
  const url = `https://github.com/${repository}`;
  const identity = `${url}/.github/workflows/deploy.yml@${ref}`;
  return await (await outside.sigstore()).attest(digest, { identity, repository: url, ref, commit: sha });
}

export function trivy(outside: Outside): StandIn {
  return ({ job, inputs }) => {
    if (inputs['scan-type'] !== 'image') throw new Error(`scan-type ${inputs['scan-type']} is not of images`);
    ensureLogin(job);
    job.permissions.ensure('packages', 'read');
    const { vulnerabilities } = outside.pull(inputs['image-ref'] ?? '');
    if (vulnerabilities.length > 0 && inputs['exit-code'] === '1')
      throw new Error(`found ${vulnerabilities.join(', ')}`);
    return {};
  };
}
