import { FeatureFlags } from '@actions/expressions';
import { validate } from '@actions/languageservice';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { findMetadata } from '../action-metadata.ts';
import { type Finding, findingAt, type WorkflowText } from './finding.ts';

// It keeps what it parsed under the file's name, and would check the first text again.
let documents = 0;

/** GitHub's own parser and language service: syntax, expressions, `needs`, and the inputs of every action. */
export async function checkWithLanguageService(workflow: WorkflowText): Promise<readonly Finding[]> {
  const document = TextDocument.create(`file:///.github/workflows/${++documents}.yml`, 'yaml', 1, workflow.text);
  const diagnostics = await validate(document, {
    featureFlags: new FeatureFlags({ all: true }),
    actionsMetadataProvider: { fetchActionMetadata },
  });
  return diagnostics.map(({ range, message }) =>
    findingAt(workflow, range.start.line + 1, 'language-service', String(message)),
  );
}

async function fetchActionMetadata({
  owner,
  name,
  ref,
  path,
}: Record<'owner' | 'name' | 'ref', string> & { path?: string }) {
  const metadata = findMetadata({ repository: `${owner}/${name}`, folder: path ?? '', ref });
  if (!metadata) return undefined;
  const describe = (entries: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, { description: '', ...(value as object) }]));
  return { name, description: '', inputs: describe(metadata.inputs), outputs: describe(metadata.outputs) };
}
