import { ensureAllowedHost } from '../io/address-guard.ts';
import type { TraceOptions } from '../model/announcement.ts';
import { describeError } from '../model/errors.ts';
import type { StepInputs } from './step-inputs.ts';

const MAX_HEADERS = 20;
const TRACES = '/v1/traces';
/** RFC 9110 5.6.2. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
const VALUE = /^[\x20-\x7e]{1,8192}$/;

/** Where a deployment is sent to as a trace, by `otlp-endpoint` and `otlp-headers`; null: one of them is wrong. */
export function parseTraces(inputs: StepInputs): TraceOptions | null {
  const endpoint = parseEndpoint(inputs);
  const headers = parseHeaders(inputs);
  if (endpoint?.protocol === 'http:' && Object.keys(headers).length > 0) {
    const next = 'Use https, or a collector beside the runner that needs no headers.';
    inputs.problem('otlp-headers', { given: 'headers', expected: 'none, as the endpoint is not https', next });
  }
  return endpoint && { endpoint, headers };
}

/** As OTEL_EXPORTER_OTLP_ENDPOINT: the path of the signal is appended. */
function parseEndpoint(inputs: StepInputs): URL | null {
  const url = URL.parse(inputs.text('otlp-endpoint'));
  const isPlain = url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash;
  if (!isPlain) {
    const expected = 'a plain base URL such as https://otlp.example.com:4318';
    inputs.problem('otlp-endpoint', { given: 'something else', expected, next: 'Put a token into `otlp-headers`.' });
    return null;
  }
  try {
    ensureAllowedHost(url);
  } catch (error) {
    const expected = 'the address of a collector';
    inputs.problem('otlp-endpoint', { given: 'a refused address', expected, next: describeError(error).message });
    return null;
  }
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith(TRACES) ? path : `${path}${TRACES}`;
  return url;
}

/** As OTEL_EXPORTER_OTLP_HEADERS: `name=value` with values in percent-encoding, separated by commas; or one a line. */
function parseHeaders(inputs: StepInputs): Readonly<Record<string, string>> {
  const entries = inputs
    .text('otlp-headers')
    .split(/[,\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const headers = entries.map((entry) => {
    const at = entry.indexOf('=');
    return [entry.slice(0, Math.max(0, at)).trim().toLowerCase(), decode(entry.slice(at + 1).trim())] as const;
  });
  if (entries.length > MAX_HEADERS || headers.some(([name, value]) => !NAME.test(name) || !VALUE.test(value))) {
    // Never repeated: they hold a token.
    const expected = `at most ${MAX_HEADERS} headers as name=value, separated by commas or line breaks`;
    inputs.problem('otlp-headers', { given: 'something else', expected, next: 'Write %2C for a comma in a value.' });
  }
  return Object.fromEntries(headers);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
