const HOST = 'login.microsoftonline.com';

/** What a client asks before it trusts an authority that it doesn't know by heart. */
export function describeInstances() {
  return {
    tenant_discovery_endpoint: `https://${HOST}/common/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [
      {
        preferred_network: HOST,
        preferred_cache: 'login.windows.net',
        aliases: [HOST, 'login.windows.net', 'login.microsoft.com', 'sts.windows.net'],
      },
    ],
  };
}

export function describeTenant(tenant: string) {
  const base = `https://${HOST}/${tenant}`;
  return {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${base}/discovery/v2.0/keys`,
    issuer: `${base}/v2.0`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    tenant_region_scope: 'EU',
    cloud_instance_name: 'microsoftonline.com',
    cloud_graph_host_name: 'graph.windows.net',
    msgraph_host: 'graph.microsoft.com',
  };
}
