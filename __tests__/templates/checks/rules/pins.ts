import { OWN_ACTION, parseActionReference, versions } from '../../action-metadata.ts';
import { type Finding, findingAt } from '../finding.ts';
import { type Entry, entryOf, type WorkflowView } from './workflow-view.ts';

/** Everything that is downloaded is what was reviewed: a tag can be moved. */
export function checkPins(workflow: WorkflowView): readonly Finding[] {
  return [
    ...workflow.jobs.flatMap((job) => usesOf(job)).flatMap((uses) => checkUses(workflow, uses)),
    ...checkImages(workflow),
    ...checkTools(workflow),
  ];
}

function usesOf({ entries, steps }: WorkflowView['jobs'][number]): readonly Entry[] {
  return [entryOf(entries, 'uses'), ...steps.map(({ uses }) => uses)].filter((uses) => uses !== null);
}

function checkUses({ source }: WorkflowView, { value, line, comment }: Entry): readonly Finding[] {
  const uses = String(value);
  if (uses.startsWith('./')) return [];
  const reference = parseActionReference(uses);
  if (!reference) return [findingAt(source, line, 'unpinned-uses', `${uses} names no version`)];
  if (reference.repository === OWN_ACTION) return checkOwn(source, uses, { line, comment });
  if (!/^[0-9a-f]{40}$/.test(reference.ref)) return [findingAt(source, line, 'unpinned-uses', `${uses} is no commit`)];
  const known = versions[reference.repository];
  const isKnown = known?.sha === reference.ref && comment === known.version;
  const wanted = known ? `@${known.sha} # ${known.version}` : 'an entry in versions.json';
  return isKnown ? [] : [findingAt(source, line, 'ref-version-mismatch', `${uses} # ${comment}: expected ${wanted}`)];
}

/** The moving major tag is what we promise; the form for those whose policy wants a commit stands beside it. */
function checkOwn(source: WorkflowView['source'], uses: string, { line, comment }: Pick<Entry, 'line' | 'comment'>) {
  const ref = uses.slice(uses.indexOf('@') + 1);
  if (/^[0-9a-f]{40}$/.test(ref) && /^v\d+\.\d+\.\d+$/.test(comment)) return [];
  const beside = /^pinned: org\/deploy-agent\S*@COMMIT # v\d+\.\d+\.\d+$/.test(comment);
  return ref === 'v1' && beside
    ? []
    : [findingAt(source, line, 'unpinned-uses', `${uses}: v1 with the pinned form beside it`)];
}

function checkImages({ source, jobs }: WorkflowView): readonly Finding[] {
  return jobs.flatMap(({ entries }) =>
    entries
      .filter(({ key, value }) => ['container', 'services'].includes(key) && !/@sha256:/.test(JSON.stringify(value)))
      .map(({ key, line }) => findingAt(source, line, 'unpinned-images', `the image of ${key} has no digest`)),
  );
}

/** The action is pinned, the trivy that it downloads is not: in March 2026 a malicious one was the newest for hours. */
function checkTools({ source, jobs }: WorkflowView): readonly Finding[] {
  return jobs.flatMap(({ steps }) =>
    steps
      .filter(({ uses }) => String(uses?.value).startsWith('aquasecurity/trivy-action@'))
      .filter((step) => !/^v\d+\.\d+\.\d+$/.test(String(entryOf(step.with, 'version')?.value)))
      .map(({ line }) => findingAt(source, line, 'unpinned-tools', 'which trivy runs is left open: set `version`')),
  );
}
