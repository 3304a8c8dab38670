import { readFile } from 'node:fs/promises';
import type { Io } from '../../io/io.ts';
import type { Logins } from '../target.ts';
import { type AzureAccount, ensureSubscription, findAccount } from './account.ts';
import type { AccountInputs } from './account-inputs.ts';
import { chooseLogin, findLogin, type Login } from './credential.ts';
import { openTokens, type Tokens } from './tokens.ts';

export interface AzureLogin {
  readonly account: AzureAccount;
  readonly tokens: Tokens;
}

interface Session {
  readonly io: Io;
  readonly logins: Logins;
}

/** For a workload. @throws DeployError INPUT_INVALID when no subscription is known; AUTH_FAILED without credentials */
export async function logIn(inputs: AccountInputs, session: Session): Promise<AzureLogin> {
  const account = await readAccount(inputs, session);
  ensureSubscription(account);
  return shareTokens(account, chooseLogin(account, session.io), session);
}

/**
 * For a registry, which docker may have a login for, or which needs none. `isExpected`: the workload is on Azure too.
 * @returns null: nothing says that the job has credentials for Azure
 */
export async function tryLogIn(
  inputs: AccountInputs,
  session: Session,
  { isExpected }: { readonly isExpected: boolean },
): Promise<AzureLogin | null> {
  const account = await readAccount(inputs, session);
  const { env } = session.io;
  // Elsewhere the metadata service of another cloud would be called, which takes the SDK half a minute to give up on.
  const mayBeMachine = isExpected || account.clientId !== '' || (env['IDENTITY_ENDPOINT'] ?? '') !== '';
  const login = findLogin(account, session.io, { mayBeMachine });
  return login && shareTokens(account, login, session);
}

function readAccount(inputs: AccountInputs, { io }: Session): Promise<AzureAccount> {
  return findAccount(inputs, io, (file) => readFile(file, 'utf8'));
}

/** A workload and a registry that log in alike use the same tokens. */
function shareTokens(account: AzureAccount, login: Login, { io, logins }: Session): AzureLogin {
  const tokens = logins.shared(`azure ${JSON.stringify(account)}`, () => {
    const subscription = account.subscription === '' ? '' : `, subscription ${account.subscription}`;
    io.log.info(`Azure: ${login.name}${subscription}`);
    return openTokens(login.open, io);
  });
  return { account, tokens };
}
