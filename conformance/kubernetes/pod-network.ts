import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAuthority } from '../../simulators/edge/certificates.ts';
import type { SimulatedRequest, SimulatedResponse } from '../../simulators/edge/host.ts';

export interface PodNetworkOptions {
  /** The API server's egress proxy. */
  readonly socket: string;
  /** What the pod at this address answers; null: the connection is refused. */
  readonly answer: (ip: string, port: number, request: SimulatedRequest) => SimulatedResponse | null;
  /** Whether a pod has this address at all, and listens there. */
  readonly listens: (ip: string, port: number) => boolean;
  /** `/containerLogs/shop/web-1/web?previous=true`, as a kubelet is asked. */
  readonly log: (request: URL) => { readonly status: number; readonly text: string };
}

/** Where every node's kubelet listens. */
export const KUBELET_PORT = 10_250;

/**
 * The network between a real API server and pods that exist in this process only: what it would dial, it asks for on a
 * socket. So no interface, no route and no rights are needed. Returns how to end it.
 */
export async function openPodNetwork(options: PodNetworkOptions): Promise<() => Promise<void>> {
  const sockets = new Set<Socket>();
  const pods = createServer((request, response) => void answerPod(options, request, response));
  const kubelet = await openKubeletServer(options);
  const proxy = createServer();
  proxy.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  proxy.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const [, ip = '', port = ''] = /^(.*):(\d+)$/.exec(request.url ?? '') ?? [];
    const isKubelet = Number(port) === KUBELET_PORT;
    if (!isKubelet && !options.listens(ip, Number(port)))
      return void socket.end('HTTP/1.1 502 connection refused\r\n\r\n');
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    addresses.set(socket, { ip, port: Number(port) });
    if (head.length > 0) socket.unshift(head);
    (isKubelet ? kubelet : pods).emit('connection', socket);
  });
  rmSync(options.socket, { force: true });
  await new Promise<void>((resolve) => proxy.listen(options.socket, resolve));
  return async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => proxy.close(resolve));
  };
}

const addresses = new WeakMap<object, { readonly ip: string; readonly port: number }>();

async function answerPod(
  { answer }: PodNetworkOptions,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const to = addresses.get(incoming.socket);
  const body = await buffer(incoming);
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
  const url = new URL(incoming.url ?? '/', `http://${to?.ip}:${to?.port}`);
  const found = to && answer(to.ip, to.port, { method: incoming.method ?? 'GET', url, headers, body });
  if (!found) return void incoming.socket.destroy();
  if (found.delayMs) await sleep(found.delayMs);
  response.writeHead(found.status, found.headers).end(found.body ?? '');
}

/** The API server doesn't check this certificate; it only wants one. */
async function openKubeletServer({ log }: PodNetworkOptions): Promise<Server> {
  const { issue } = await createAuthority();
  return createSecureServer(await issue('kubelet'), (request, response) => {
    const { status, text } = log(new URL(request.url ?? '/', 'https://kubelet'));
    response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
  }) as unknown as Server;
}
