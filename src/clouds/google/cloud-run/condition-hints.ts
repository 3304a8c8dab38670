/**
 * Pure: what to do about a condition's reason. Every reason of the API has an entry, and a test sees to it.
 * https://cloud.google.com/run/docs/reference/rest/v2/Condition and https://cloud.google.com/run/docs/troubleshooting
 */
const HINTS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    UNKNOWN: 'Read the message and the revision’s logs.',
    REVISION_FAILED: 'Read why the revision that it names failed; take one that failed out of the traffic.',
    PROGRESS_DEADLINE_EXCEEDED:
      'Read the revision’s logs: it was neither ready nor broken in time. Check for a slow start, a dependency that does not answer, or a quota.',
    CONTAINER_MISSING: 'Check the image’s name and that it was pushed to this repository; `copy-to` copies it there.',
    CONTAINER_PERMISSION_DENIED:
      'Grant roles/artifactregistry.reader on the image’s repository to the Cloud Run service agent (service-PROJECT_NUMBER@serverless-robot-prod.iam.gserviceaccount.com) and to who deploys.',
    CONTAINER_IMAGE_UNAUTHORIZED:
      'The project’s Binary Authorization policy refuses the image: attest it, or deploy one that is.',
    CONTAINER_IMAGE_AUTHORIZATION_CHECK_FAILED:
      'Binary Authorization could not check the image: check its policy and the image’s attestations, then run again.',
    ENCRYPTION_KEY_PERMISSION_DENIED:
      'Grant roles/cloudkms.cryptoKeyEncrypterDecrypter on the key to the Cloud Run service agent.',
    ENCRYPTION_KEY_CHECK_FAILED: 'Check that the encryption key exists, is enabled, and is in the service’s region.',
    SECRETS_ACCESS_CHECK_FAILED:
      'Grant roles/secretmanager.secretAccessor on the secret to the service’s own (runtime) service account, and check its name and version.',
    WAITING_FOR_OPERATION: 'Cloud Run waits for another operation: run again when that has ended.',
    IMMEDIATE_RETRY: 'Cloud Run tries again by itself: run again if it gave up.',
    POSTPONED_RETRY: 'Cloud Run tries again later by itself: run again if it gave up.',
    INTERNAL: 'Cloud Run had an error of its own: see https://status.cloud.google.com, then run again.',
    VPC_NETWORK_NOT_FOUND:
      'Check that the VPC network, subnet or connector which the service names exists in its project and region.',
    PENDING: 'The revision was still starting: give it more time with `timeout`.',
    RESERVE: 'The revision has a tag and no traffic: that is no failure by itself.',
    RETIRED: 'The revision gets no traffic any more: find out who moved it (Cloud Audit Logs).',
    RETIRING: 'The revision loses its traffic: find out who moves it (Cloud Audit Logs).',
    RECREATING: 'Cloud Run recreates the revision: run again when that has ended.',
    HEALTH_CHECK_CONTAINER_ERROR:
      'Read the revision’s logs. The container has to listen on 0.0.0.0 and the port in $PORT, answer its startup probe, and do so within the probe’s time; check its CPU, memory and configuration.',
    CUSTOMIZED_PATH_RESPONSE_PENDING:
      'The path of the startup probe does not answer yet: check the path and what the container logs.',
    MIN_INSTANCES_NOT_PROVISIONED:
      'Minimum instances start with the first share of the traffic: that is no failure by itself.',
    ACTIVE_REVISION_LIMIT_REACHED:
      'Remove traffic tags and old revisions that are not used: the service has reached the limit of active revisions.',
    NO_DEPLOYMENT: 'The revision has no deployment: deploy it again.',
    HEALTH_CHECK_SKIPPED:
      'Manual scaling is set to 0 instances, so the health check was skipped: scale the service up.',
    MIN_INSTANCES_WARMING:
      'Cloud Run waits for enough instances: give it more time with `timeout`, or lower the minimum.',
  }),
);

export function hintForReason(reason: string): string | null {
  return HINTS.get(reason) ?? null;
}
