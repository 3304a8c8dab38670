import type { CloudContext } from '../target.ts';
import { type AzureAccount, ensureSubscription, findAccount } from './account.ts';
import type { AccountInputs } from './account-inputs.ts';
import { chooseLogin, findLogin, type Login } from './credential.ts';
import { openTokens, type Tokens } from './tokens.ts';

export interface AzureLogin {
  readonly account: AzureAccount;
  readonly tokens: Tokens;
}

/** For a workload. @throws DeployError INPUT_INVALID when no subscription is known; AUTH_FAILED without credentials */
export async function logIn(inputs: AccountInputs, context: CloudContext): Promise<AzureLogin> {
  const account = findAccount(inputs, context.io);
  ensureSubscription(account);
  return shareTokens(account, chooseLogin(account, context), context);
}

/**
 * For a registry, which docker may have a login for, or which needs none. `isExpected`: the workload is on Azure too.
 * @returns null: nothing says that the job has credentials for Azure
 */
export async function tryLogIn(
  inputs: AccountInputs,
  context: CloudContext,
  { isExpected }: { readonly isExpected: boolean },
): Promise<AzureLogin | null> {
  const account = findAccount(inputs, context.io);
  const { env } = context.io;
  // Elsewhere the metadata service of another cloud would be called, which takes the SDK half a minute to give up on.
  const mayBeMachine = isExpected || account.clientId !== '' || (env['IDENTITY_ENDPOINT'] ?? '') !== '';
  const login = findLogin(account, context, { mayBeMachine });
  return login && shareTokens(account, login, context);
}

/** A workload and a registry that log in alike use the same tokens. */
function shareTokens(account: AzureAccount, login: Login, { io, logins }: CloudContext): AzureLogin {
  const tokens = logins.shared(`azure ${JSON.stringify(account)}`, () => {
    const subscription = account.subscription === '' ? '' : `, subscription ${account.subscription}`;
    io.log.info(`Azure: ${login.name}${subscription}`);
    return openTokens(login.open, io);
  });
  return { account, tokens };
}
