import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { RoleAssignment } from '../../simulators/azure/access.ts';
import { RESOURCE_GROUP, SUBSCRIPTION } from '../../simulators/azure/azure-cloud.ts';
import { APP } from '../../simulators/container-apps-agent.ts';

const guide = path.resolve(import.meta.dirname, '../../docs/setup-azure.md');
const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${RESOURCE_GROUP}`;

interface RoleDefinition {
  readonly Name: string;
  readonly Actions: readonly string[];
}

/** The built-in roles that the guide names for the registry: how they are made up is Azure's business. */
export const REGISTRY_ROLES: RoleAssignment = {
  role: 'built in',
  actions: ['Microsoft.ContainerRegistry/registries/*'],
  scope: `/subscriptions/${SUBSCRIPTION}`,
};

/** The custom roles of the guide as its commands assign them, for the app `agent` and the environment. @throws where it has none */
export function readAssignments(environment: string): readonly RoleAssignment[] {
  // As it is where no second subscription is set up.
  const text = readFileSync(guide, 'utf8').replaceAll('$ROLE_SUFFIX', '');
  const documents = [...text.matchAll(/^az role definition create --role-definition @- << END\n(.*?)^END$/gms)];
  const roles = new Map(
    documents.map(([, document]) => {
      const { Name, Actions } = JSON.parse(document!) as RoleDefinition;
      return [Name, Actions] as const;
    }),
  );
  const commands = text.matchAll(/ --role "([^"]+)" \\\n {2}--scope "(\S+)"\naz role assignment create /g);
  const isAt = { SUBSCRIPTION_ID: SUBSCRIPTION, GROUP: RESOURCE_GROUP, SERVICE: APP, ENVIRONMENT: environment };
  const assignments = [...commands].map(([, role = '', scope = '']) => {
    const actions = roles.get(role);
    if (!actions) throw new Error(`${guide} assigns the role "${role}", which it does not define`);
    const filled = Object.entries(isAt).reduce((path, [name, value]) => path.replace(`$${name}`, value), scope);
    return { role, actions, scope: filled };
  });
  if (assignments.length === 0) throw new Error(`${guide} assigns no role`);
  return assignments;
}

export const appScope = (name: string): string => `${GROUP}/providers/Microsoft.App/containerApps/${name}`;

/** What the guide leaves out and a user may add: to read the last log lines. */
export const LOG_ROLE: RoleAssignment = {
  role: 'opted in',
  actions: ['Microsoft.App/containerApps/getAuthToken/action'],
  scope: appScope(APP),
};
