import type { SimulatedHost, SimulatedRequest, SimulatedResponse } from './edge/host.ts';
import { type Json, type JsonObject, textAt } from './json.ts';
import { readTraceRequest } from './opentelemetry/trace-request.ts';

/** A collector of OpenTelemetry, and a Grafana below a path. */
export class Telemetry implements SimulatedHost {
  readonly otlpUrl = 'https://otlp.example/tenant';
  readonly otlpToken = 'simulatedOtlpToken0123456789';
  readonly grafanaUrl = 'https://grafana.example/team/';
  readonly grafanaToken = 'glsa_simulatedGrafanaToken0123456789';
  readonly traces: JsonObject[] = [];
  readonly annotations: JsonObject[] = [];

  serves(hostname: string): boolean {
    return ['otlp.example', 'grafana.example'].includes(hostname.toLowerCase());
  }

  nameCall({ url }: SimulatedRequest): { readonly operation: string; readonly mutates: boolean } {
    return { operation: url.hostname === 'otlp.example' ? 'otlp:Export' : 'grafana:Annotate', mutates: true };
  }

  handle(request: SimulatedRequest): SimulatedResponse {
    const { method, url } = request;
    if (method !== 'POST') return { status: 405 };
    if (url.href === `${this.otlpUrl}/v1/traces`) return this.#export(request);
    if (url.href === `${this.grafanaUrl}api/annotations`) return this.#annotate(request);
    return { status: 404 };
  }

  #export({ headers, body }: SimulatedRequest): SimulatedResponse {
    if (headers['authorization'] !== `Bearer ${this.otlpToken}`) return { status: 401, body: 'no token' };
    if (headers['content-type'] !== 'application/x-protobuf') return { status: 415 };
    try {
      this.traces.push(readTraceRequest(body));
    } catch {
      return { status: 400 };
    }
    return { status: 200, headers: { 'content-type': 'application/x-protobuf' }, body: '' };
  }

  /** https://grafana.com/docs/grafana/latest/developers/http_api/annotations#create-annotation */
  #annotate({ headers, body }: SimulatedRequest): SimulatedResponse {
    if (headers['authorization'] !== `Bearer ${this.grafanaToken}`)
      return { status: 401, body: '{"message":"Unauthorized"}' };
    const document = JSON.parse(body.toString()) as Json;
    if (textAt(document, 'text') === '') return { status: 400, body: '{"message":"Failed to save annotation"}' };
    this.annotations.push(document as JsonObject);
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: '{"message":"Annotation added","id":1}',
    };
  }
}
