import type { AwsExchange } from './exchanges.ts';

export interface DoctoredExchange {
  readonly mistake: string;
  readonly exchange: AwsExchange;
}

interface Doctoring {
  readonly mistake: string;
  readonly operation: string;
  /** Default 200. */
  readonly status?: number;
  readonly part: 'request' | 'answer';
  /** The first match is replaced. */
  readonly from: RegExp;
  readonly to: string;
}

const services = { operation: 'DescribeServices', part: 'answer' } as const;
const health = { operation: 'DescribeTargetHealth', part: 'answer' } as const;
const update = { operation: 'UpdateService', part: 'request' } as const;

const doctorings: readonly Doctoring[] = [
  { ...services, mistake: 'an unknown member deep inside', from: /"failedTasks":/, to: '"failedTask":' },
  {
    ...services,
    mistake: 'a time stamp as text',
    from: /"createdAt":[\d.]+/,
    to: '"createdAt":"2030-03-17T17:46:40Z"',
  },
  { ...services, mistake: 'an unknown state', from: /"rolloutState":"\w+"/, to: '"rolloutState":"DONE"' },
  { ...services, mistake: 'a number as text', from: /"runningCount":2/, to: '"runningCount":"2"' },
  {
    ...services,
    mistake: 'a truth value as a number',
    from: /"enableExecuteCommand":false/,
    to: '"enableExecuteCommand":0',
  },
  { ...services, mistake: 'null', from: /"serviceRegistries":\[\]/, to: '"serviceRegistries":null' },
  { ...services, mistake: 'an object for a list', from: /"events":\[[^\]]*\]/, to: '"events":{}' },
  { ...services, mistake: 'a missing required member', from: /,"rollback":(false|true)/, to: '' },
  { ...update, mistake: 'an unknown member in a request', from: /\{/, to: '{"image":"x",' },
  { ...update, mistake: 'a missing required member in a request', from: /"service":/, to: '"cluster":' },
  {
    mistake: 'an error that no model knows',
    operation: 'DescribeServices',
    status: 400,
    part: 'answer',
    from: /"__type":"\w+"/,
    to: '"__type":"NoSuchServiceException"',
  },
  { ...health, mistake: 'an unknown element', from: /<Port>8080<\/Port>/, to: '<Port>8080</Port><Zone>a</Zone>' },
  { ...health, mistake: 'an unknown state in XML', from: /<State>\w+</, to: '<State>fine<' },
  { ...health, mistake: 'a number in words', from: /<Port>8080</, to: '<Port>eighty<' },
  { ...health, mistake: 'a list without its items’ name', from: /<member>(.*?)<\/member>/, to: '<item>$1</item>' },
  {
    ...health,
    mistake: 'an element twice',
    from: /<State>\w+<\/State>/,
    to: '<State>healthy</State><State>healthy</State>',
  },
  { ...health, mistake: 'another name space', from: /xmlns="[^"]+"/, to: 'xmlns="https://example.com/"' },
  { ...health, mistake: 'no request id', from: /<ResponseMetadata>.*<\/ResponseMetadata>/, to: '' },
  { ...health, mistake: 'another root', from: /DescribeTargetHealthResponse /, to: 'DescribeTargetResponse ' },
  {
    ...health,
    part: 'request',
    mistake: 'an unknown parameter in a form',
    from: /TargetGroupArn=/,
    to: 'X=1&TargetGroupArn=',
  },
  { ...health, part: 'request', mistake: 'another version of the API', from: /2015-12-01/, to: '2012-06-01' },
];

/**
 * Copies of recorded exchanges, each with one mistake: a referee that lets one pass is worth nothing.
 * @throws Error where no exchange has what a mistake is made of.
 */
export function doctoredExchanges(exchanges: readonly AwsExchange[]): readonly DoctoredExchange[] {
  return doctorings.map((doctoring) => {
    const { mistake, part, from, to } = doctoring;
    const exchange = exchanges.find((candidate) => isPatient(candidate, doctoring));
    if (!exchange) throw new Error(`no exchange was recorded for "${mistake}"`);
    let body = exchange[part].body.replace(from, to);
    // What was opened with another name is closed with it.
    if (mistake === 'another root') body = body.replace('</DescribeTargetHealthResponse>', '</DescribeTargetResponse>');
    return { mistake, exchange: { ...exchange, [part]: { ...exchange[part], body } } };
  });
}

function isPatient(exchange: AwsExchange, { operation, status = 200, part, from }: Doctoring): boolean {
  return exchange.operation === operation && exchange.answer.status === status && exchange[part].body.search(from) >= 0;
}
