import type { ArmRoute } from './arm-host.ts';
import type { AzureWorld } from './world.ts';

/** What clients read before they know where they are. */
export const subscriptionRoutes: readonly ArmRoute[] = [
  {
    operation: 'Subscriptions_List',
    method: 'GET',
    path: '/subscriptions',
    action: null,
    run: (world) => ({ status: 200, body: { value: [viewSubscription(world)] } }),
  },
  {
    operation: 'Subscriptions_Get',
    method: 'GET',
    path: '/subscriptions/{subscription}',
    action: 'Microsoft.Resources/subscriptions/read',
    run: (world) => ({ status: 200, body: viewSubscription(world) }),
  },
  {
    operation: 'Tenants_List',
    method: 'GET',
    path: '/tenants',
    action: null,
    run: ({ tenant }) => ({ status: 200, body: { value: [{ id: `/tenants/${tenant}`, tenantId: tenant }] } }),
  },
  {
    operation: 'Permissions_List',
    method: 'GET',
    path: '/subscriptions/{subscription}/resourceGroups/{group}/providers/{provider}/{type}/{name}/providers/Microsoft.Authorization/permissions',
    action: null,
    run: ({ access }) => ({ status: 200, body: { value: [viewPermissions([...access.denied])] } }),
  },
];

function viewSubscription({ subscription, subscriptionName, tenant }: AzureWorld) {
  return {
    id: `/subscriptions/${subscription}`,
    subscriptionId: subscription,
    displayName: subscriptionName,
    tenantId: tenant,
    state: 'Enabled',
    authorizationSource: 'RoleBased',
  };
}

function viewPermissions(denied: readonly string[]) {
  return { actions: ['*'], notActions: denied, dataActions: [], notDataActions: [] };
}
