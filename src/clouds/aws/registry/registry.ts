import type { CloudRegistry } from '../../target.ts';
import { ecrKeychain, regionOfEcr } from './keychain.ts';

/** Private registries of Amazon ECR, with the credentials that the job has for AWS. */
export const ecrRegistry: CloudRegistry = {
  inputs: [],
  handles: (host) => regionOfEcr(host) !== null,
  parse: () => (context) => ({ keychain: ecrKeychain(context) }),
};
