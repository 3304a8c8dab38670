import type { Agent } from 'node:http';
import type { LookupFunction } from 'node:net';

/**
 * Has the agent use a connection again only for requests with the same lookup. What a lookup refuses is found when a
 * connection is opened: one that was opened with another lookup, or with none, may lead where this one would not.
 */
export function keepGuardsApart(agent: Agent): void {
  const numbers = new WeakMap<LookupFunction, number>();
  let count = 0;
  const nameOf = agent.getName.bind(agent);
  agent.getName = (options) => {
    const lookup = (options as { readonly lookup?: LookupFunction } | undefined)?.lookup;
    if (!lookup) return nameOf(options);
    const number = numbers.get(lookup) ?? count++;
    numbers.set(lookup, number);
    return `${nameOf(options)}:lookup ${number}`;
  };
}
