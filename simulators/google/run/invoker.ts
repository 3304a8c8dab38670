import type { SimulatedRequest, SimulatedResponse } from '../../edge/host.ts';
import type { GoogleWorld } from '../world.ts';
import { googlePage } from './google-page.ts';
import { hostnamesOf } from './names.ts';
import type { Service } from './state.ts';

/** What the front end knows of identity tokens. */
export interface Invocation {
  /** null: not one of ours, or over. */
  readIdToken(token: string): { readonly audience: string; readonly email: string } | null;
}

/** null: the caller may go on. https://cloud.google.com/run/docs/authenticating/overview */
export function refuseCaller(
  world: GoogleWorld,
  service: Service,
  { request, invocation }: { readonly request: SimulatedRequest; readonly invocation: Invocation },
): SimulatedResponse | null {
  const { config } = service;
  if (config['iapEnabled'] === true) return signIn(request);
  if (service.isPublic || config['invokerIamDisabled'] === true) return null;
  const header = request.headers['x-serverless-authorization'] ?? request.headers['authorization'] ?? '';
  const token = /^Bearer (\S+)$/i.exec(header)?.[1];
  if (token === undefined) return forbidden(request);
  const identity = invocation.readIdToken(token);
  if (!identity || !audiencesOf(world, service).includes(identity.audience)) return unauthorized(request);
  return world.access.may('run.routes.invoke') ? null : forbidden(request);
}

/** Not the address of a tag. https://cloud.google.com/run/docs/configuring/custom-audiences */
function audiencesOf(world: GoogleWorld, service: Service): readonly string[] {
  const custom = service.config['customAudiences'];
  const own = hostnamesOf(world, service).map((hostname) => `https://${hostname}`);
  return [...own, ...(Array.isArray(custom) ? custom.map(String) : [])];
}

/** https://cloud.google.com/run/docs/securing/identity-aware-proxy-cloud-run */
function signIn({ url }: SimulatedRequest): SimulatedResponse {
  const location = `https://accounts.google.com/o/oauth2/v2/auth?client_id=simulated&redirect_uri=${encodeURIComponent(url.href)}`;
  return { status: 302, headers: { location, 'x-goog-iap-generated-response': 'true' } };
}

function forbidden({ url }: SimulatedRequest): SimulatedResponse {
  const text = `Your client does not have permission to get URL <code>${url.pathname}</code> from this server.`;
  return googlePage(403, 'Forbidden', text);
}

function unauthorized({ url }: SimulatedRequest): SimulatedResponse {
  const text = `Your client does not have permission to the requested URL <code>${url.pathname}</code>.`;
  const page = googlePage(401, 'Unauthorized', text);
  const challenge = 'Bearer error="invalid_token" error_description="The access token could not be verified"';
  return { ...page, headers: { ...page.headers, 'www-authenticate': challenge } };
}
