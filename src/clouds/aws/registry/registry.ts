import type { CloudRegistry } from '../../target.ts';
import { isEcr } from '../ecr-host.ts';
import { ecrKeychain } from './keychain.ts';

/** Registries of Amazon ECR, private and public, with the credentials that the job has for AWS. */
export const ecrRegistry: CloudRegistry = {
  inputs: [],
  handles: (host) => isEcr(host),
  parse: () => (context) => ({ keychain: ecrKeychain(context) }),
};
