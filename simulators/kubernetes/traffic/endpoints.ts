import { objectAt, objectsAt, textAt } from '../../json.ts';
import { labelsOf } from '../object.ts';
import { ENDPOINT_SLICES, SERVICES } from '../resources.ts';
import type { ObjectSource } from '../store.ts';

export interface Address {
  readonly ip: string;
  readonly port: number;
}

const SERVICE_NAME = 'kubernetes.io/service-name';

/** Who gets requests to this port of a Service. `port`: its number or name; '' for the only one. */
export function readyAddresses(
  objects: ObjectSource,
  { namespace, service, port }: { readonly namespace: string; readonly service: string; readonly port: string },
): readonly Address[] {
  const found = objects.find(SERVICES, namespace, service);
  const ports = objectsAt(found ?? {}, 'spec', 'ports');
  const wanted = port === '' ? ports[0] : ports.find((one) => String(one['port']) === port || one['name'] === port);
  if (!found || !wanted) return [];
  const name = textAt(wanted, 'name');
  const slices = objects.list(ENDPOINT_SLICES, namespace).filter((slice) => labelsOf(slice)[SERVICE_NAME] === service);
  return slices.flatMap((slice) => {
    const target = objectsAt(slice, 'ports').find((one) => textAt(one, 'name') === name)?.['port'];
    if (typeof target !== 'number') return [];
    const ready = objectsAt(slice, 'endpoints').filter(
      (endpoint) => objectAt(endpoint, 'conditions')['ready'] === true,
    );
    return ready.map((endpoint) => ({ ip: String((endpoint['addresses'] as readonly string[])[0]), port: target }));
  });
}

/** Everybody in turn: of as many requests in a row as there are addresses, each gets one. */
export class Turns {
  readonly #counts = new Map<string, number>();
  readonly #credit = new Map<string, number>();

  /** null: nobody is there. */
  next<One>(key: string, all: readonly One[]): One | null {
    const count = this.#counts.get(key) ?? 0;
    this.#counts.set(key, count + 1);
    return all[count % all.length] ?? null;
  }

  /** By exact weights, evenly spread. null: nobody has any. */
  nextWeighted<One extends { readonly id: string; readonly weight: number }>(
    key: string,
    all: readonly One[],
  ): One | null {
    const shares = all.filter(({ weight }) => weight > 0);
    const total = shares.reduce((sum, { weight }) => sum + weight, 0);
    const owed = ({ id }: One): number => this.#credit.get(`${key}/${id}`) ?? 0;
    for (const one of shares) this.#credit.set(`${key}/${one.id}`, owed(one) + one.weight);
    const next = shares.toSorted((a, b) => owed(b) - owed(a))[0] ?? null;
    if (next) this.#credit.set(`${key}/${next.id}`, owed(next) - total);
    return next;
  }
}
