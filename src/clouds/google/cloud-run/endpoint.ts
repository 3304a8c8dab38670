import { type Endpoint, openEndpoint } from '../../../model/endpoint.ts';
import { type JsonObject, textAt, textsAt } from '../../../model/json.ts';
import type { FindIdentityToken } from './identity-tokens.ts';
import { type RunService, sayOnce } from './service.ts';
import { tagUrl } from './service-document.ts';

/** Where the live service answers: at `url`, else at its own address; null: it has none. */
export function liveEndpoint(service: JsonObject, url: string | null, findToken: FindIdentityToken): Endpoint | null {
  const own = textAt(service, 'uri');
  const chosen = url ?? own;
  if (chosen === '') return null;
  const audience = audienceFor(service, chosen);
  return withLogin(audience === null ? openEndpoint(chosen) : protectedEndpoint(chosen, audience, findToken));
}

/** Where one revision answers, by its tag. Its callers are checked with the service's own address. */
export function previewEndpoint(service: JsonObject, tag: string, findToken: FindIdentityToken): Endpoint | null {
  const url = tagUrl(service, tag);
  if (url === null) return null;
  const audience = textAt(service, 'uri') || url;
  return withLogin(isOpen(service) ? openEndpoint(url) : protectedEndpoint(url, audience, findToken));
}

/** Identity-Aware Proxy, before the service or before its load balancer: https://cloud.google.com/iap/docs/faq */
function withLogin(endpoint: Endpoint): Endpoint {
  return { ...endpoint, loginHeader: 'x-goog-iap-generated-response' };
}

/** Its addresses can be reached from the Internet. */
export function isPublic(service: JsonObject): boolean {
  return ['', 'INGRESS_TRAFFIC_ALL'].includes(textAt(service, 'ingress'));
}

/** Warns before anything is changed that a hosted runner may not reach the service; one inside the network may. */
export function warnOfAccess(run: RunService, service: JsonObject): void {
  if (!isPublic(service)) {
    const ingress = textAt(service, 'ingress');
    const next =
      'GitHub’s own runners can’t reach its address: use a self-hosted runner inside of the network, or set `url` to its load balancer’s.';
    sayOnce(run, 'warning', `The ingress of ${run.resource} is ${ingress}. ${next}`);
  }
  if (service['iapEnabled'] === true) {
    const next = 'It answers smoke tests with a login page unless they send a token of their own for it (`headers`).';
    sayOnce(run, 'warning', `Identity-Aware Proxy protects ${run.resource}. ${next}`);
  }
}

/** A token for one's own service is worth nothing to another; still it is sent to the service's own addresses only. */
function audienceFor(service: JsonObject, url: string): string | null {
  if (isOpen(service)) return null;
  const { origin } = new URL(url);
  const own = textAt(service, 'uri');
  const listed = [own, ...textsAt(service, 'urls')].filter((address) => address !== '');
  if (listed.some((address) => new URL(address).origin === origin)) return own || origin;
  // https://cloud.google.com/run/docs/configuring/custom-audiences
  return textsAt(service, 'customAudiences').find((audience) => URL.parse(audience)?.origin === origin) ?? null;
}

/** The invoker check is disabled. (Whether `allUsers` has the invoker role is not part of the service.) */
function isOpen(service: JsonObject): boolean {
  return service['invokerIamDisabled'] === true;
}

function protectedEndpoint(url: string, audience: string, findToken: FindIdentityToken): Endpoint {
  return {
    url,
    async headers() {
      const token = await findToken(audience);
      return token === null ? {} : { authorization: `Bearer ${token}` };
    },
  };
}
