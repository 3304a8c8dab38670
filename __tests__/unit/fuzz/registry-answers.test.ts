import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import type { HttpResponse } from '../../../src/io/http.ts';
import { DeployError } from '../../../src/model/errors.ts';
import { parseRetryAfter } from '../../../src/model/retry-after.ts';
import { parseChallenges } from '../../../src/registry/challenge.ts';
import { dockerConfigKeychain } from '../../../src/registry/docker-config-keychain.ts';
import { digestOf, parseManifest } from '../../../src/registry/manifest.ts';
import { RegistryError, readRefusal } from '../../../src/registry/registry-error.ts';
import { fc } from '../../fixtures/fast-check.ts';
import { anyText, textWith, tried } from './attacks.ts';

const NOW = 1_800_000_000_000;

describe('a WWW-Authenticate header', () => {
  const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,9}$/);
  const value = fc.string({ maxLength: 20 });
  const quote = (text: string): string => `"${text.replace(/(["\\])/g, '\\$1')}"`;

  test('of any text is a list of challenges, in bounded time', () => {
    const pieces = ['Bearer ', 'Basic ', 'realm=', '"', '\\', ',', '=', ' ', 'https://a.b/', '\\"'];
    fc.assert(
      fc.property(textWith(pieces), fc.integer({ min: 1, max: 2_000 }), (text, count) => {
        const startedAt = performance.now();
        for (const { scheme, parameters } of parseChallenges(text.repeat(count))) {
          expect(scheme).toMatch(/^[a-z][a-z0-9-]*$/);
          for (const name of parameters.keys()) expect(name).toMatch(/^[a-z0-9_-]+$/);
        }
        expect(performance.now() - startedAt).toBeLessThan(5_000);
      }),
      { numRuns: 300 },
    );
  });

  test('that was written from challenges is read as the same challenges', () => {
    const parameters = fc.uniqueArray(fc.tuple(token, value), {
      selector: ([name]) => name.toLowerCase(),
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(token, parameters), { minLength: 1, maxLength: 3 }), (challenges) => {
        const header = challenges
          .map(([scheme, list]) => `${scheme} ${list.map(([name, text]) => `${name}=${quote(text)}`).join(', ')}`)
          .join(', ');
        const expected = challenges.map(([scheme, list]) => ({
          scheme: scheme.toLowerCase(),
          parameters: new Map(list.map(([name, text]) => [name.toLowerCase(), text])),
        }));
        expect(parseChallenges(header)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a Retry-After header', () => {
  test('of any text is milliseconds from now on, or nothing', () => {
    const date = fc.date({ noInvalidDate: true }).map((found) => found.toUTCString());
    fc.assert(
      fc.property(fc.oneof(anyText('1', '-', '9', 'GMT', ' '), date, fc.integer().map(String)), (text) => {
        const found = parseRetryAfter(text, NOW);
        if (found !== null) expect(found).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the body of a refusal', () => {
  const json = fc.oneof(
    fc.json({ maxDepth: 3 }),
    fc
      .record({ errors: fc.array(fc.record({ code: fc.jsonValue(), message: fc.jsonValue() })) })
      .map((it) => JSON.stringify(it)),
  );

  test('of any text and any JSON becomes one short line', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(anyText('\n', '{"errors":[', ']}', '<html>'), json),
        fc.integer({ min: 400, max: 599 }),
        async (body, status) => {
          const refusal = await readRefusal(responseWith(body, status), NOW);
          const call = { what: 'read it', registry: 'ghcr.io', writes: false, anonymous: false };
          const { message } = new RegistryError(call, refusal);
          expect(message).not.toMatch(/[\r\n]/);
          expect(message.length).toBeLessThan(600);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('a manifest', () => {
  const digest = fc.stringMatching(/^[a-f0-9]{64}$/).map((hex) => `sha256:${hex}`);
  const type = fc.constantFrom(
    'application/vnd.oci.image.manifest.v1+json',
    'application/vnd.oci.image.index.v1+json',
    'application/vnd.docker.distribution.manifest.v2+json',
    'text/plain',
    '',
  );
  const descriptor = fc.record(
    {
      mediaType: fc.oneof(type, fc.string()),
      digest: fc.oneof(digest, fc.string()),
      size: fc.oneof(fc.nat(), fc.double()),
    },
    { requiredKeys: [] },
  );
  const document = fc.record(
    {
      schemaVersion: fc.constantFrom(2, 2, 2, 1, '2'),
      mediaType: type,
      config: descriptor,
      layers: fc.array(descriptor, { maxLength: 3 }),
      manifests: fc.array(descriptor, { maxLength: 3 }),
    },
    { requiredKeys: ['schemaVersion'] },
  );
  const bytes = fc.oneof(
    document.map((found) => JSON.stringify(found)),
    fc.json(),
    anyText('{', '"', ':'),
  );

  test('of any bytes is a manifest with checked descriptors, or IMAGE_INVALID', () => {
    fc.assert(
      fc.property(bytes, type, (text, contentType) => {
        const given = Buffer.from(text);
        try {
          const manifest = parseManifest(given, contentType, 'ghcr.io/acme/agent:v1');
          expect(manifest.digest).toBe(digestOf(given));
          for (const { digest: name, size } of [...manifest.blobs, ...manifest.children]) {
            expect(name).toMatch(/^sha256:[a-f0-9]{64}$/);
            expect(Number.isSafeInteger(size) && size >= 0).toBe(true);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(DeployError);
          expect(error).toMatchObject({ code: 'IMAGE_INVALID' });
        }
      }),
      { numRuns: 300 },
    );
  });

  test('of one image is read whole', () => {
    const good = fc.record({
      mediaType: fc.constant('application/vnd.oci.image.layer.v1.tar+gzip'),
      digest,
      size: fc.nat(),
    });
    fc.assert(
      fc.property(
        good,
        fc.array(good, { maxLength: 4 }),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (config, layers, extra) => {
          const text = JSON.stringify({ annotations: extra, schemaVersion: 2, config, layers });
          const manifest = parseManifest(Buffer.from(text), 'application/vnd.oci.image.manifest.v1+json', 'it');
          expect(manifest.blobs).toEqual([config, ...layers]);
          expect(manifest.bytes.toString()).toBe(text);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("docker's config.json", () => {
  const secret = 'hunter2secret';
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const auth = fc.oneof(fc.constantFrom(base64(`octocat:${secret}`), base64(secret), secret, ''), fc.string());
  const host = fc.constantFrom('ghcr.io', 'https://ghcr.io', 'https://ghcr.io/v2/', 'docker.io', '__proto__');
  const config = fc.record(
    {
      auths: fc.dictionary(
        host,
        fc.oneof(fc.record({ auth, username: auth, password: auth }, { requiredKeys: [] }), fc.jsonValue()),
      ),
      credHelpers: fc.dictionary(host, fc.oneof(fc.constantFrom('gcloud', '../../evil', '-x'), fc.string())),
      credsStore: fc.string(),
    },
    { requiredKeys: [] },
  );
  const file = fc.oneof(
    config.map((found) => JSON.stringify(found)),
    fc.json(),
    anyText('{', '"', secret),
  );
  const stdout = fc.oneof(
    fc.record({ Username: fc.string(), Secret: fc.string() }).map((found) => JSON.stringify(found)),
    anyText(secret),
  );

  test('of any text and any helper is a login, none, or a refusal that quotes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(file, stdout, fc.constantFrom(0, 1, 127), async (text, answer, exitCode) => {
        const commands: string[] = [];
        const keychain = dockerConfigKeychain({
          env: { HOME: '/home/runner' },
          readFile: async () => text,
          exec: {
            run: async (command) => {
              commands.push(command);
              return { exitCode, stdout: answer };
            },
          },
        });
        const found = await tried(() => keychain.resolve('ghcr.io'));
        for (const command of commands) expect(command).toMatch(/^docker-credential-[A-Za-z0-9_-]+$/);
        if ('value' in found) return;
        expect(found.error).toBeInstanceOf(DeployError);
        expect((found.error as DeployError).message).not.toContain(secret);
        expect(String((found.error as DeployError).cause)).not.toContain(secret);
      }),
      { numRuns: 300 },
    );
  });
});

function responseWith(body: string, status: number): HttpResponse {
  return { status, headers: {}, body: Readable.from([Buffer.from(body)]) as unknown as HttpResponse['body'] };
}
