import { formatBytes } from '../model/bytes.ts';
import type { CopyForecast, Forecast } from '../model/outcome.ts';
import { joinSentences } from '../model/sentences.ts';

/** What a deployment would do, one line each. Names and images, never a value. */
export function describeForecast(forecast: Forecast): readonly string[] {
  return [
    ...forecast.copies.flatMap(describeCopy),
    ...describeChange(forecast),
    ...forecast.warnings.map((warning) => `Warning: ${warning}`),
    ...(forecast.unchanged ? [] : forecast.steps.map((step, index) => `${index + 1}. ${step}`)),
    describeTests(forecast),
    forecast.restores === null
      ? 'The service does not exist yet: a rollback would delete what the deployment creates.'
      : joinSentences(`A rollback would restore ${forecast.restores}`),
    forecast.inTheWay ?? 'No other deployment is in progress.',
  ];
}

function describeCopy({
  source,
  destination,
  platforms,
  tags,
  isThere,
  referrers,
  ...blobs
}: CopyForecast): readonly string[] {
  const content = isThere
    ? `${destination} is already present: no blobs would be copied.`
    : `${source} would be copied to ${destination}. Blobs to copy: ${blobs.missingBlobs} (${formatBytes(blobs.missingBytes)}); already present: ${blobs.presentBlobs}.`;
  const referrersText = referrers
    ? [
        `Referrers (signatures, SBOMs, provenance) to copy: ${referrers.missing}; already present: ${referrers.present}.`,
      ]
    : [];
  const part = platforms
    ? [`Only ${platforms.join(', ')} would be copied, so the digest differs from that of the source.`]
    : [];
  return [content, ...part, ...tags.map((tag) => describeTag(tag, destination)), ...referrersText];
}

function describeTag(tag: CopyForecast['tags'][number], destination: string): string {
  const digest = destination.slice(destination.indexOf('@') + 1);
  if (tag.now === digest) return `The tag ${tag.name} already points to this digest.`;
  if (tag.now === null) return `The tag ${tag.name} would be created.`;
  return `The tag ${tag.name} points to ${tag.now} and would be moved; a registry with immutable tags refuses this.`;
}

function describeChange({ unchanged, differences, size, restores }: Forecast): readonly string[] {
  if (unchanged) return ['The requested configuration is already live and healthy: the outcome would be unchanged.'];
  if (differences.length === 0 && restores !== null)
    return [`No difference from ${restores}: the same configuration would be rolled out again.`];
  const isResized = size !== null && size.before !== size.now;
  const resized = isResized ? [`size ${size.before ?? 'not set'} -> ${size.now ?? 'not set'}`] : [];
  return [...differences, ...resized].map((difference) => `Would change: ${difference}`);
}

function describeTests({ smokeTests }: Forecast): string {
  if (smokeTests.length === 0) return 'No smoke tests are configured, so none would run.';
  return `Smoke tests that would run: ${smokeTests.join(', ')}`;
}
