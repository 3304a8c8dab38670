import http from 'node:http';
import https from 'node:https';
import { buffer } from 'node:stream/consumers';

export interface SeenResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** An outside client that requests the public URLs while time stands still. */
export interface Onlooker {
  /** One real request; does not follow redirects. */
  get(url: string, headers?: Readonly<Record<string, string>>): Promise<SeenResponse>;
  close(): void;
}

/** `headers` go with every request. */
export function openOnlooker(proxyUrl: string, ca: string, headers: Readonly<Record<string, string>>): Onlooker {
  const options = { keepAlive: true, proxyEnv: { HTTP_PROXY: proxyUrl, HTTPS_PROXY: proxyUrl } };
  const httpAgent = new http.Agent(options);
  const httpsAgent = new https.Agent({ ...options, ca });
  return {
    get(url, more = {}) {
      const { promise, resolve, reject } = Promise.withResolvers<SeenResponse>();
      const isSecure = new URL(url).protocol === 'https:';
      const agent = isSecure ? httpsAgent : httpAgent;
      const request = (isSecure ? https : http).get(url, { agent, headers: { ...more, ...headers } });
      request.on('error', reject);
      request.on('response', (response) => {
        const toSeen = (body: Buffer): SeenResponse => ({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: body.toString('utf8'),
        });
        buffer(response).then(toSeen).then(resolve, reject);
      });
      return promise;
    },
    close() {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}
