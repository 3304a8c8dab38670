import type { InputReader } from '../../../model/input-reader.ts';
import type { Workload } from '../../../model/workload.ts';
import { readPreviewUrl } from '../../preview-address.ts';
import type { CloudContext, Target } from '../../target.ts';
import { expectForm, LOGIN_INPUTS, readLogin } from '../login.ts';
import { ensureExpectedProject, findProject, readExpectedProject, readProject } from '../project.ts';
import type { CloudRunSettings } from './workload.ts';

const REGION = /^[a-z]+-[a-z]+\d{1,2}$/;
const SERVICE = /^[a-z](?:[a-z0-9-]{0,47}[a-z0-9])?$/;

/** One Google Cloud Run service, changed by a new revision and by its traffic table. */
export const cloudRunTarget: Target = {
  inputs: ['project', 'region', 'service', 'expected-account', 'preview-url', 'allow-empty', ...LOGIN_INPUTS],
  parse(reader) {
    const settings = parseSettings(reader);
    const expected = readExpectedProject(reader);
    return (context) => open(settings, expected, context);
  },
};

/** `project` '': the one that google-github-actions/auth left. */
function parseSettings(reader: InputReader): CloudRunSettings {
  const project = readProject(reader);
  const region = reader.required('region', 'the region of the Cloud Run service, such as europe-west1');
  const service = reader.required('service', 'the name of the Cloud Run service to deploy to');
  expectRegion(reader, region);
  expectForm(reader, 'service', SERVICE, {
    given: service,
    expected: 'the short name: up to 49 lower-case letters, digits and -',
  });
  const allowsEmpty = reader.boolean('allow-empty', false);
  return { project, region, service, previewUrl: readPreviewUrl(reader), allowsEmpty, login: readLogin(reader) };
}

function expectRegion(reader: InputReader, given: string): void {
  const expected = 'a region of Google Cloud, such as europe-west1';
  // As other clouds write theirs.
  const meant = given.replace(/^eu-/, 'europe-').replace(/-(\d{1,2})$/, '$1');
  if (meant === given || !REGION.test(meant)) expectForm(reader, 'region', REGION, { given, expected });
  else reader.problem('region', { given: `"${given}"`, expected, next: `Did you mean \`${meant}\`?` });
}

async function open(settings: CloudRunSettings, expected: string, context: CloudContext): Promise<Workload> {
  const project = findProject(settings.project, `service ${settings.service}`, context.io);
  ensureExpectedProject(project, expected);
  // Only a deploy to Cloud Run loads it.
  const { openCloudRun } = await import('./workload.ts');
  return await openCloudRun({ ...settings, project }, context);
}
