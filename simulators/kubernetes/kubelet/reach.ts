import type { SimulatedRequest, SimulatedResponse } from '../../edge/host.ts';
import { SERVICES } from '../resources.ts';
import type { ObjectSource } from '../store.ts';
import { readyAddresses, Turns } from '../traffic/endpoints.ts';

/** What a pod gets that sends a request within the cluster. */
export type Reach = (request: SimulatedRequest) => SimulatedResponse | 'unknown host' | 'refused';

export interface Network {
  readonly objects: ObjectSource;
  /** null: nothing listens there. */
  readonly answer: (ip: string, port: number, request: SimulatedRequest) => SimulatedResponse | null;
}

/** By the address of a pod, or by the name of a Service: `web.shop.svc`. */
export function openReach({ objects, answer }: Network): Reach {
  const turns = new Turns();
  return (request) => {
    const { hostname, port, protocol } = request.url;
    const wanted = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
    if (/^[\d.]+$/.test(hostname)) return answer(hostname, wanted, request) ?? 'refused';
    const [, service = '', namespace = ''] = /^([^.]+)\.([^.]+)\.svc(?:\.cluster\.local)?$/.exec(hostname) ?? [];
    if (service === '') return 'unknown host';
    if (!objects.find(SERVICES, namespace, service)) return 'unknown host';
    const ready = readyAddresses(objects, { namespace, service, port: String(wanted) });
    const next = turns.next(`${namespace}/${service}`, ready);
    return next ? (answer(next.ip, next.port, request) ?? 'refused') : 'refused';
  };
}
