/** Messages of Container Apps, of the kubelet below it and of registries -> the next step; null: none is known. */
export function findFailureHint(text: string): string | null {
  return HINTS.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /UNAUTHORIZED|authentication required|denied: requested access|failed to authorize/i,
    'Let the app pull from the registry: az containerapp registry set --server <registry> --identity system, and AcrPull for that identity.',
  ],
  [
    /MANIFEST_UNKNOWN|manifest.{0,80}(?:unknown|not found)/i,
    'Check that the image exists in the registry under this digest.',
  ],
  [/no matching manifest|exec format error/i, 'Build the image for linux/amd64: Container Apps runs nothing else.'],
  [/ImagePull|ErrImage|Failed to pull/i, 'Check that the image exists and that the app may pull it from its registry.'],
  [
    /OOMKilled|exit code 137/i,
    'The container was killed, most likely out of memory: raise the memory of the container.',
  ],
  [
    /exit code 12[67]/i,
    'The container’s command could not be run: check its entry point, and that the file exists and is executable.',
  ],
  [/exit code 139/i, 'The container crashed (segmentation fault): check that its native libraries fit linux/amd64.'],
  [/SecretRef|secret.{0,40}not found/i, 'Add the secret to the app (az containerapp secret set), then run again.'],
  [
    /probe failed|failed (?:startup|liveness|readiness) probe|TargetPort|target port|connection refused/i,
    'Check that the container listens on the ingress’ target port, on all interfaces, and answers its probes; give a slow start a startup probe.',
  ],
  [/CrashLoop|exit code \d+|Terminated/i, 'Read the container’s last log lines: it exited by itself.'],
  [
    /\b0 of at least \d+ replicas/i,
    'Make room in the environment (its quota of cores, or the workload profile), or lower `minReplicas` or the CPU of the containers.',
  ],
  [
    /Deadline Exceeded|Operation expired|ActivationFailed/i,
    'No replica became ready in time: check the port, the probes and the container’s last log lines.',
  ],
];
