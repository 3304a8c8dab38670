import type { JsonObject } from '../../simulators/json.ts';
import type { GoogleExchange } from './exchanges.ts';

export interface DoctoredExchange {
  readonly mistake: string;
  readonly exchange: GoogleExchange;
}

interface Doctoring {
  readonly mistake: string;
  readonly operation: string;
  readonly part: 'request' | 'answer';
  readonly status?: number;
  /** The first match is replaced. */
  readonly from: RegExp;
  readonly to: string;
}

const read = { operation: 'GetService', part: 'answer' } as const;
const update = { operation: 'UpdateService', part: 'request' } as const;

const doctorings: readonly Doctoring[] = [
  { ...read, mistake: 'an unknown member deep inside', from: /"containerPort":/, to: '"port":' },
  { ...read, mistake: 'a number of 64 bits as a number', from: /"generation":"(\d+)"/, to: '"generation":$1' },
  { ...read, mistake: 'a number as text', from: /"percent":100/, to: '"percent":"100"' },
  { ...read, mistake: 'an unknown word', from: /CONDITION_SUCCEEDED/, to: 'CONDITION_FINE' },
  { ...read, mistake: 'a time in seconds', from: /"createTime":"[^"]+"/, to: '"createTime":1900000000' },
  { ...read, mistake: 'a time in local time', from: /("updateTime":"[^"]+)Z"/, to: '$1+01:00"' },
  { ...read, mistake: 'a duration in milliseconds', from: /"timeout":"300s"/, to: '"timeout":"300000ms"' },
  { ...read, mistake: 'false, which is never sent', from: /"uid":/, to: '"reconciling":false,"uid":' },
  { ...read, mistake: 'null', from: /"uid":"[^"]+"/, to: '"uid":null' },
  { ...read, mistake: 'an object for a list', from: /"traffic":\[(.*?)\]/, to: '"traffic":{}' },
  { ...read, mistake: 'an empty list, which is never sent', from: /"urls":\[.*?\]/, to: '"urls":[]' },
  { ...read, mistake: 'a label that is no text', from: /"team":"agents"/, to: '"team":7' },
  { ...update, mistake: 'an unknown member in a request', from: /^\{/, to: '{"image":"x",' },
  { ...update, mistake: 'a wrong type in a request', from: /"revision":"[^"]+"/, to: '"revision":2' },
  {
    ...{ mistake: 'an unknown member in what an operation holds', operation: 'GetOperation', part: 'answer' },
    ...{ from: /"@type":"[^"]+",/, to: '$&"state":"fine",' },
  },
  {
    ...{ mistake: 'an error without its word', operation: 'UpdateService', part: 'answer', status: 409 },
    ...{ from: /"status":"\w+"/, to: '"status":"CONFLICT"' },
  },
  {
    ...{ mistake: 'an error whose code is not its status', operation: 'UpdateService', part: 'answer', status: 409 },
    ...{ from: /"code":409/, to: '"code":10' },
  },
];

/** Copies with one mistake each. @throws Error where nothing recorded has what is to be spoilt. */
export function doctor(exchanges: readonly GoogleExchange[]): DoctoredExchange[] {
  return doctorings.map(({ mistake, operation, part, status = 200, from, to }) => {
    const original = exchanges.find(
      (exchange) =>
        exchange.operation === operation && exchange.status === status && from.test(JSON.stringify(exchange[part])),
    );
    if (!original) throw new Error(`nothing was recorded in which to plant: ${mistake}`);
    const spoilt = JSON.parse(JSON.stringify(original[part]).replace(from, to)) as JsonObject;
    return { mistake, exchange: { ...original, [part]: spoilt } };
  });
}
