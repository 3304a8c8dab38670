import { type Json, type JsonObject, objectAt, objectsAt, textAt } from '../../json.ts';
import { type FieldSet, isSameSet, parseFieldsV1, toFieldsV1, without } from './field-set.ts';

/** Who a change is by, as `metadata.managedFields` tells them apart. */
export interface Manager {
  readonly name: string;
  readonly operation: 'Update' | 'Apply';
  readonly apiVersion: string;
  /** `status`, `scale`; '' for the object itself. */
  readonly subresource: string;
}

export interface Entry {
  readonly manager: Manager;
  readonly time: string;
  readonly fields: FieldSet;
}

export function entriesOf(object: JsonObject): readonly Entry[] {
  return objectsAt(object, 'metadata', 'managedFields').map((entry) => ({
    manager: {
      name: textAt(entry, 'manager'),
      operation: textAt(entry, 'operation') as Manager['operation'],
      ...{ apiVersion: textAt(entry, 'apiVersion'), subresource: textAt(entry, 'subresource') },
    },
    time: textAt(entry, 'time'),
    fields: parseFieldsV1(objectAt(entry, 'fieldsV1')),
  }));
}

/** As the API server orders them; entries that own nothing go. undefined: nobody owns anything. */
export function toManagedFields(entries: readonly Entry[]): readonly Json[] | undefined {
  const sorted = entries
    .filter(({ fields }) => fields.size > 0)
    .toSorted((a, b) => compareText(orderOf(a), orderOf(b)));
  if (sorted.length === 0) return undefined;
  return sorted.map(({ manager: { name, operation, apiVersion, subresource }, time, fields }) => ({
    ...{ apiVersion, fieldsType: 'FieldsV1', fieldsV1: toFieldsV1(fields), manager: name, operation },
    ...(subresource === '' ? {} : { subresource }),
    time,
  }));
}

/** The manager owns these; what the others lose is `lost`. Its entry keeps its time where nothing changes for it. */
export function assign(
  entries: readonly Entry[],
  { manager, fields, lost, time }: Entry & { readonly lost: FieldSet },
): readonly Entry[] {
  const mine = entries.find((entry) => isSameManager(entry.manager, manager));
  const others = entries
    .filter((entry) => entry !== mine)
    .map((entry) => ({ ...entry, fields: without(entry.fields, lost) }));
  const isUnchanged = mine !== undefined && isSameSet(mine.fields, fields);
  return [...others, { manager, fields, time: isUnchanged ? mine.time : time }];
}

export function isSameManager(one: Manager, other: Manager): boolean {
  return (
    one.name === other.name &&
    one.operation === other.operation &&
    one.apiVersion === other.apiVersion &&
    one.subresource === other.subresource
  );
}

function orderOf({ manager: { name, operation, apiVersion, subresource }, time }: Entry): string {
  return [operation, time, name, apiVersion, subresource].join('\n');
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
