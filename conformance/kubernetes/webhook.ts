import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createAuthority } from '../../simulators/edge/certificates.ts';
import { isObject, type JsonObject, objectAt, textAt } from '../../simulators/json.ts';
import { ApiError } from '../../simulators/kubernetes/api/api-error.ts';
import type { AdmissionRule } from '../../simulators/kubernetes/world.ts';
import { NAMESPACE } from '../../simulators/kubernetes-stage.ts';
import type { RealApi } from './real-api.ts';

export const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
const NAME = 'scenario';

/** The rules of a scenario, as a webhook that a real API server asks. Returns how to end it. */
export async function openWebhook(api: RealApi, rules: readonly AdmissionRule[]): Promise<() => Promise<void>> {
  const { issue, certificatePem } = await createAuthority();
  const server = createServer(await issue('127.0.0.1'), async (request, response) => {
    const review = JSON.parse(await text(request)) as JsonObject;
    const answer = { apiVersion: review['apiVersion'], kind: review['kind'], response: respond(review, rules) };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await api.send(`${WEBHOOKS}/${NAME}`, { method: 'DELETE' });
  const { status, text: why } = await api.send(WEBHOOKS, { method: 'POST', body: configuration(port, certificatePem) });
  if (status >= 300) throw new Error(`the webhook was answered with ${status}: ${why}`);
  return async () => {
    await api.send(`${WEBHOOKS}/${NAME}`, { method: 'DELETE' });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
}

function configuration(port: number, authority: string): JsonObject {
  const rule = (group: string, resources: readonly string[]): JsonObject => ({
    ...{ apiGroups: [group], apiVersions: ['v1'], resources, operations: ['CREATE', 'UPDATE'] },
  });
  const webhook = {
    ...{ name: 'scenario.deploy-agent.dev', admissionReviewVersions: ['v1'], sideEffects: 'None' },
    ...{ failurePolicy: 'Ignore', timeoutSeconds: 10 },
    clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle: Buffer.from(authority).toString('base64') },
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': NAMESPACE } },
    rules: [rule('apps', ['deployments', 'statefulsets', 'daemonsets']), rule('', ['pods']), rule('batch', ['jobs'])],
  };
  const kind = 'MutatingWebhookConfiguration';
  return { apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name: NAME }, webhooks: [webhook] };
}

function respond(review: JsonObject, rules: readonly AdmissionRule[]): JsonObject {
  const request = objectAt(review, 'request');
  const uid = textAt(request, 'uid');
  const kind = textAt(request, 'kind', 'kind');
  const object = objectAt(request, 'object');
  let reviewed: JsonObject = object;
  for (const rule of rules.filter((one) => one.kind === kind)) {
    const answer = rule.review(reviewed);
    if (answer instanceof ApiError)
      return { uid, allowed: false, status: { code: answer.code, message: answer.message, reason: answer.reason } };
    reviewed = answer;
  }
  if (reviewed === object) return { uid, allowed: true };
  const patch = ['metadata', 'spec'].flatMap((name) => {
    const value = reviewed[name];
    return isObject(value) ? [{ op: 'replace', path: `/${name}`, value }] : [];
  });
  return { uid, allowed: true, patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') };
}
