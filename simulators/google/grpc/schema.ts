import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import protobuf from 'protobufjs';

/** One method of a service, and the REST call that it is the same as. */
export interface Method {
  readonly requestType: protobuf.Type;
  readonly responseType: protobuf.Type;
  /** `PATCH` */
  readonly verb: string;
  /** `/v2/{service.name=projects/*` … `}` */
  readonly template: string;
  /** The member that is REST's body; '*': all that is not in the path; '': none. */
  readonly body: string;
}

interface HttpRule {
  readonly verb: string;
  readonly template: string;
  readonly body: string;
}

const OPERATION = '{name=projects/*/locations/*/operations/*}';
/** Where the host departs from what the protos say: run_v2.yaml, as the client library has it in its `httpRules`. */
const OWN_RULES: Readonly<Record<string, HttpRule>> = {
  GetOperation: { verb: 'GET', template: `/v2/${OPERATION}`, body: '' },
  ListOperations: { verb: 'GET', template: '/v2/{name=projects/*/locations/*}/operations', body: '' },
  WaitOperation: { verb: 'POST', template: `/v2/${OPERATION}:wait`, body: '*' },
};
/** https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto */
const ERROR_INFO = {
  fields: {
    reason: { type: 'string', id: 1 },
    domain: { type: 'string', id: 2 },
    metadata: { keyType: 'string', type: 'string', id: 3 },
  },
};

let loaded: protobuf.Root | null = null;

/** Google's own description of the API, as the client library ships it. Takes a while to load, so only on demand. */
export function loadSchema(): protobuf.Root {
  if (loaded) return loaded;
  const file = createRequire(import.meta.url).resolve('@google-cloud/run/build/protos/protos.json');
  const root = protobuf.Root.fromJSON(JSON.parse(readFileSync(file, 'utf8')) as protobuf.INamespace);
  root.define('google.rpc').addJSON({ ErrorInfo: ERROR_INFO });
  root.resolveAll();
  loaded = root;
  return root;
}

/** `path`: `/google.cloud.run.v2.Services/GetService`. null: no such method, or none that REST has too. */
export function findMethod(path: string): Method | null {
  const [, service = '', name = ''] = /^\/([\w.]+)\/(\w+)$/.exec(path) ?? [];
  const found = loadSchema().lookup(service);
  const method = found instanceof protobuf.Service ? found.methods[name] : undefined;
  const rule = method && (service === 'google.longrunning.Operations' ? OWN_RULES[name] : ruleOf(method));
  if (!rule || !method.resolvedRequestType || !method.resolvedResponseType) return null;
  return { requestType: method.resolvedRequestType, responseType: method.resolvedResponseType, ...rule };
}

function ruleOf({ options = {} }: protobuf.Method): HttpRule | undefined {
  const verb = ['get', 'post', 'patch', 'delete'].find((candidate) => `(google.api.http).${candidate}` in options);
  if (verb === undefined) return undefined;
  const template = String(options[`(google.api.http).${verb}`]);
  return { verb: verb.toUpperCase(), template, body: String(options['(google.api.http).body'] ?? '') };
}
