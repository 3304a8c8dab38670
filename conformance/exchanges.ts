import type { World } from '../simulators/world.ts';

/** One request to an AWS service and its answer, as check_exchanges.py reads them. */
export interface AwsExchange {
  /** As botocore names it. */
  readonly service: string;
  readonly operation: string;
  readonly request: { readonly headers: Readonly<Record<string, string>>; readonly body: string };
  readonly answer: {
    readonly status: number;
    /** Names in lower case. */
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
}

/** Where botocore has another name than IAM. */
const RENAMED: Readonly<Record<string, string>> = { elasticloadbalancing: 'elbv2' };

/** Appends every exchange with an AWS service from now on. */
export function recordExchanges({ edge, aws }: World, into: AwsExchange[]): void {
  const services = new Set(aws.operations.map((name) => name.split(':')[0]));
  edge.onExchange(({ operation: name, request, answer }) => {
    if (!services.has(name.split(':')[0])) return;
    const { service, operation } = splitName(name);
    const headers = Object.entries(answer.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
    into.push({
      service,
      operation,
      request: { headers: withoutSignature(request.headers), body: request.body.toString('utf8') },
      answer: { status: answer.status, headers: Object.fromEntries(headers), body: String(answer.body ?? '') },
    });
  });
}

/** `elasticloadbalancing:DescribeTargetHealth` in botocore's words. */
export function splitName(name: string): { readonly service: string; readonly operation: string } {
  const [prefix = '', operation = ''] = name.split(':');
  return { service: RENAMED[prefix] ?? prefix, operation };
}

function withoutSignature(headers: Readonly<Record<string, string>>): Record<string, string> {
  const { authorization: _, 'x-amz-security-token': __, ...rest } = headers;
  return rest;
}
