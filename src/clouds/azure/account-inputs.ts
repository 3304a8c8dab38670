import type { InputReader } from '../../model/input-reader.ts';

/** What the inputs say of the Azure account; '': nothing. */
export interface AccountInputs {
  readonly subscription: string;
  readonly tenantId: string;
  readonly clientId: string;
}

export const ACCOUNT_INPUTS = ['subscription', 'tenant-id', 'client-id'] as const;

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function readAccountInputs(reader: InputReader): AccountInputs {
  return {
    subscription: readId(reader, 'subscription'),
    tenantId: readId(reader, 'tenant-id'),
    clientId: readId(reader, 'client-id'),
  };
}

/** '': it was not given, or is no id. */
export function readId(reader: InputReader, name: (typeof ACCOUNT_INPUTS)[number] | 'expected-account'): string {
  const given = reader.text(name);
  if (given === '' || GUID.test(given)) return given;
  // The value is not repeated: it may be a secret that went into the wrong input.
  const next = 'Write it like 00000000-0000-0000-0000-000000000000; a name is not enough.';
  reader.problem(name, { given: 'something else', expected: 'an id (GUID)', next });
  return '';
}
