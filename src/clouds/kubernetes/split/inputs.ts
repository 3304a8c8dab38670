import type { InputReader } from '../../../model/input-reader.ts';
import { findRouteKind, ROUTE_KINDS, type RouteKind } from './route-kind.ts';

/** Inputs of canary, blue-green and `traffic: 0`. */
export const SPLIT_INPUTS = ['service', 'route', 'overlap'] as const;

export interface SplitSettings {
  /** Name of the Service whose traffic is split; null: those that select the pods. */
  readonly service: string | null;
  /** What splits it by exact weights; null: the number of pods does. */
  readonly route: { readonly kind: RouteKind; readonly name: string } | null;
  /** How long old and new pods serve together; null: by the type of the Service. */
  readonly overlapMs: number | null;
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

export function readSplitSettings(reader: InputReader): SplitSettings {
  const service = reader.text('service');
  const overlap = reader.text('overlap');
  if (service !== '' && !NAME.test(service)) {
    const expected = 'the name of a Service in the namespace of the Deployment, such as web';
    reader.problem('service', { given: service, expected });
  }
  return {
    service: service || null,
    route: readRoute(reader),
    overlapMs: overlap === '' ? null : reader.duration('overlap', '5s'),
  };
}

function readRoute(reader: InputReader): SplitSettings['route'] {
  const given = reader.text('route');
  if (given === '') return null;
  const [word = '', name = '', ...rest] = given.split('/');
  const kind = findRouteKind(word.toLowerCase());
  if (kind && NAME.test(name) && rest.length === 0) return { kind, name };
  const words = ROUTE_KINDS.map((one) => `${one.word}/NAME`).join(' or ');
  reader.problem('route', {
    given,
    expected: `${words}, in the namespace of the Deployment`,
    next: 'Leave it empty to split the traffic by the number of pods.',
  });
  return null;
}
