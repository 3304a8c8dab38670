import { readIfPossible } from '../../io/read-optional.ts';
import { type Endpoint, openEndpoint } from '../../model/endpoint.ts';
import { type JsonObject, listAt, numberAt, objectAt, textAt } from '../../model/json.ts';
import { type ClusterWorkload, readObject } from './cluster-workload.ts';
import { templateOf } from './template-hash.ts';
import { corePath } from './workload-kind.ts';

/** Where the live service answers: at `url`, else where an Ingress or a load balancer leads to its pods; null: nowhere. */
export async function liveEndpoint(run: ClusterWorkload, url: string | null): Promise<Endpoint | null> {
  if (url !== null) return openEndpoint(url);
  const services = await findServices(run);
  if (services.length === 0) return null;
  const names = services.map((service) => textAt(service, 'metadata', 'name'));
  const found = (await findIngress(run, names)) ?? findLoadBalancer(services);
  return found === null ? null : openEndpoint(found);
}

/** Services whose selector takes the pods of this workload. Those that may not be listed are none. */
async function findServices(run: ClusterWorkload): Promise<readonly JsonObject[]> {
  const { api, namespace, io } = run;
  const list = () => api.list(corePath('services', namespace));
  const all = (await readIfPossible(io.log, 'the address of its Service', list)) ?? [];
  if (all.length === 0) return [];
  const labels = objectAt(templateOf(await readObject(run)), 'metadata', 'labels');
  return all.filter((service) => {
    const selector = Object.entries(objectAt(service, 'spec', 'selector'));
    return selector.length > 0 && selector.every(([key, value]) => labels[key] === value);
  });
}

async function findIngress(
  { api, namespace, io }: ClusterWorkload,
  services: readonly string[],
): Promise<string | null> {
  const path = `/apis/networking.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/ingresses`;
  const ingresses = (await readIfPossible(io.log, 'the address of its Ingress', () => api.list(path))) ?? [];
  const rules = ingresses.flatMap((ingress) => listAt(ingress, 'spec', 'rules').map((rule) => ({ ingress, rule })));
  for (const { ingress, rule } of rules) {
    const host = textAt(rule, 'host');
    const backend = listAt(rule, 'http', 'paths').find((one) =>
      services.includes(textAt(one, 'backend', 'service', 'name')),
    );
    if (host === '' || host.includes('*') || !backend) continue;
    const isSecure = listAt(ingress, 'spec', 'tls').some((tls) => {
      const hosts = tls['hosts'];
      return !Array.isArray(hosts) || hosts.length === 0 || hosts.includes(host);
    });
    const below = textAt(backend, 'path').replace(/\/$/, '');
    const isPlain = /^[\w./~-]*$/.test(below);
    return `http${isSecure ? 's' : ''}://${host}${isPlain ? below : ''}`;
  }
  return null;
}

function findLoadBalancer(services: readonly JsonObject[]): string | null {
  for (const service of services) {
    const [ingress] = listAt(service, 'status', 'loadBalancer', 'ingress');
    const host = textAt(ingress, 'hostname') || textAt(ingress, 'ip');
    const ports = listAt(service, 'spec', 'ports')
      .filter(mayBeHttp)
      .map((port) => numberAt(port, 'port'));
    const [first] = ports;
    if (host === '' || first === undefined) continue;
    const name = host.includes(':') ? `[${host}]` : host;
    if (ports.includes(80)) return `http://${name}`;
    return ports.includes(443) ? `https://${name}` : `http://${name}:${first}`;
  }
  return null;
}

// As Istio and others read names of ports: https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/
const OTHER_NAME = /^(?:tcp|udp|tls|grpc|grpc-web|http2|redis|mongo|mysql|postgres\w*|amqp|mqtt|kafka|thrift)(?:-|$)/i;
// https://kubernetes.io/docs/concepts/services-networking/service/#application-protocol
const HTTP = /^(?:https?|kubernetes\.io\/wss?)$/i;

/** False where the port says that it speaks something else: a request of HTTP there says nothing about the pods. */
function mayBeHttp(port: JsonObject): boolean {
  if ((textAt(port, 'protocol') || 'TCP') !== 'TCP') return false;
  const protocol = textAt(port, 'appProtocol');
  return protocol === '' ? !OTHER_NAME.test(textAt(port, 'name')) : HTTP.test(protocol);
}
