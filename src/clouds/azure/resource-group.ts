import type { InputReader } from '../../model/input-reader.ts';

const GROUP = /^[\p{L}\p{N}_().-]{1,90}$/u;

/** @param purpose completes "expected …": `the resource group that the container app is in` */
export function readResourceGroup(reader: InputReader, purpose: string): string {
  const resourceGroup = reader.required('resource-group', purpose);
  if (resourceGroup !== '' && !GROUP.test(resourceGroup)) {
    reader.problem('resource-group', { given: quote(resourceGroup), expected: 'the name of a resource group' });
  }
  return resourceGroup;
}

/** It may be anything: a value that went into the wrong input. */
export function quote(given: string): string {
  return `"${given.replace(/\s+/g, ' ').slice(0, 60)}"`;
}
