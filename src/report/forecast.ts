import { formatBytes } from '../model/bytes.ts';
import type { CopyForecast, Forecast } from '../model/outcome.ts';

/** What a deploy would do, a line each. Names and images, never a value. */
export function describeForecast(forecast: Forecast): readonly string[] {
  return [
    ...forecast.copies.flatMap(describeCopy),
    ...describeChange(forecast),
    ...(forecast.unchanged ? [] : forecast.steps.map((step, index) => `${index + 1}. ${step}`)),
    describeTests(forecast),
    `A revert would put back ${forecast.restores}.`,
    forecast.busy === null
      ? 'No other deployment is running.'
      : `Another deployment is running: ${forecast.busy}. A deploy would wait for its end.`,
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
    ? `${destination} is there already: no blob would be copied.`
    : `${source} would be copied to ${destination}: ${blobs.missingBlobs} blobs (${formatBytes(blobs.missingBytes)}) are missing there, ${blobs.presentBlobs} are there.`;
  const said = referrers
    ? [
        `Of what refers to it (signatures, SBOMs, provenance), ${referrers.missing} would be copied, ${referrers.present} are there.`,
      ]
    : [];
  const part = platforms ? [`Only ${platforms.join(', ')} would be there, so its digest is not the source’s.`] : [];
  return [content, ...part, ...tags.map((tag) => describeTag(tag, destination)), ...said];
}

function describeTag(tag: CopyForecast['tags'][number], destination: string): string {
  const digest = destination.slice(destination.indexOf('@') + 1);
  if (tag.now === digest) return `The tag ${tag.name} names it there already.`;
  if (tag.now === null) return `The tag ${tag.name} is free there, and would name it.`;
  return `The tag ${tag.name} names ${tag.now} there, and would be moved; a registry whose tags are immutable refuses that.`;
}

function describeChange({ unchanged, differences, restores }: Forecast): readonly string[] {
  if (unchanged) return ['Everything that would be sent is already live and healthy: a deploy would end as unchanged.'];
  if (differences.length === 0) return [`No difference from ${restores}: it would be rolled out again as it is.`];
  return differences.map((difference) => `Would change: ${difference}`);
}

function describeTests({ smokeTests }: Forecast): string {
  if (smokeTests.length === 0) return 'No smoke tests are configured: none would run.';
  return `Smoke tests that would run: ${smokeTests.join(', ')}`;
}
