import { type Metadata, Server, ServerCredentials, type ServiceDefinition, status } from '@grpc/grpc-js';
import protobuf from 'protobufjs';

// As https://github.com/grpc/grpc/blob/master/src/proto/grpc/health/v1/health.proto
const { root } = protobuf.parse(`
  syntax = "proto3";
  package grpc.health.v1;
  message HealthCheckRequest { string service = 1; }
  message HealthCheckResponse {
    enum ServingStatus { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; }
    ServingStatus status = 1;
  }
`);
const requestType = root.lookupType('grpc.health.v1.HealthCheckRequest');
const responseType = root.lookupType('grpc.health.v1.HealthCheckResponse');

const definition: ServiceDefinition = {
  check: {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: (value) => Buffer.from(requestType.encode(value as object).finish()),
    requestDeserialize: (bytes) => requestType.decode(bytes),
    responseSerialize: (value) => Buffer.from(responseType.encode(value as object).finish()),
    responseDeserialize: (bytes) => responseType.decode(bytes),
  },
};

export interface HealthServer {
  readonly port: number;
  readonly asked: { readonly service: string; readonly metadata: Metadata }[];
  close(): void;
}

/** The server of grpc-js with the standard health service. `statuses`: by service; one that is missing is NOT_FOUND. */
export async function openHealthServer(
  statuses: Readonly<Record<string, number>>,
  credentials = ServerCredentials.createInsecure(),
): Promise<HealthServer> {
  const server = new Server();
  const asked: HealthServer['asked'] = [];
  server.addService(definition, {
    check(
      call: { request: { service: string }; metadata: Metadata },
      answer: (error: object | null, value?: object) => void,
    ) {
      const { service } = call.request;
      asked.push({ service, metadata: call.metadata });
      const found = statuses[service];
      if (found === undefined) answer({ code: status.NOT_FOUND, details: 'no such service: ä' });
      else answer(null, { status: found });
    },
  });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error ? reject(error) : resolve(port)));
  return { port: await promise, asked, close: () => server.forceShutdown() };
}
