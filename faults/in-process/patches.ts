import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import { showVirtualTime } from '../../simulators/clock/child-dates.mjs';
import { answerNames } from '../../simulators/clock/child-names.mjs';
import { type LocalClients, timers } from './clients.ts';
import { LocalRequest } from './local-request.ts';
import { contexts } from './run-context.ts';

type Listener = (...values: unknown[]) => void;

/** Of what has to go by the step that asks. Everything else finds what it would without. */
export function patchProcess(clientsOf: (port: number) => LocalClients): void {
  patchEnvironment();
  patchOutput();
  patchListeners();
  showVirtualTime();
  answerNames();
  timers.replaceGlobals();
  patchRequests(clientsOf);
}

function patchEnvironment(): void {
  const own = process.env;
  Object.defineProperty(process, 'env', { configurable: true, get: () => contexts.getStore()?.env ?? own });
}

function patchOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (...values: unknown[]) => boolean;
    stream.write = ((chunk: string | Uint8Array, ...rest: unknown[]) => {
      const context = contexts.getStore();
      if (!context) return write(chunk, ...rest);
      context.write(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
      return true;
    }) as typeof stream.write;
  }
}

function patchListeners(): void {
  const on = process.on.bind(process) as (name: string, listener: Listener) => NodeJS.Process;
  process.on = ((name: string, listener: Listener) => {
    const context = contexts.getStore();
    if (!context) return on(name, listener);
    context.listeners.set(name, [...(context.listeners.get(name) ?? []), listener]);
    return process;
  }) as typeof process.on;
}

function patchRequests(clientsOf: (port: number) => LocalClients): void {
  for (const [module, protocol] of [
    [http, 'http:'],
    [https, 'https:'],
  ] as const) {
    const own = module.request as (...values: unknown[]) => http.ClientRequest;
    module.request = ((...given: unknown[]) => {
      const context = contexts.getStore();
      if (!context) return own(...given);
      const onResponse = given.find((value) => typeof value === 'function') as Listener | undefined;
      const [url, options] = readArguments(given, protocol);
      const request = new LocalRequest(url, options, clientsOf(context.world.clock.port));
      if (onResponse) request.once('response', onResponse);
      return request;
    }) as unknown as typeof module.request;
  }
  syncBuiltinESMExports();
}

/** `request(url, options)` or `request(options)`. */
function readArguments(given: readonly unknown[], protocol: string): readonly [URL, http.RequestOptions] {
  const [first, second] = given;
  if (first instanceof URL || typeof first === 'string') {
    return [new URL(first), (typeof second === 'object' ? second : {}) as http.RequestOptions];
  }
  const options = first as http.RequestOptions;
  const { host, hostname = host, port, path = '/' } = options;
  return [new URL(`${protocol}//${hostname}${port ? `:${port}` : ''}${path}`), options];
}
