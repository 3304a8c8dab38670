import type { RegistryCredentials } from '../model/keychain.ts';

/** Value of the Authorization header for a user name and a password. */
export function basicHeader({ username, password }: RegistryCredentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
