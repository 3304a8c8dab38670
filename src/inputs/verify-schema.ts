import * as z from 'zod';
import { literalLength } from '../model/text-pattern.ts';

const NOT_TEXT = 'expected text; put numbers, true and false in quotes';
const line = z.string({ error: NOT_TEXT }).regex(/^[^\p{Cc}]{1,2000}$/u, 'expected one line of text');
const trueOrFalse = z.boolean({ error: 'expected true or false' });

const FEW_LITERALS = 8;
/** A pattern of wildcards only would accept whoever signs anything. */
const pattern = line.refine((text) => literalLength(text) >= FEW_LITERALS, {
  error: `expected a text with at least ${FEW_LITERALS} characters beside \`*\`: it has to say who may sign`,
});

const repository = line.regex(/^(?:https:\/\/[^/\s*]+\/)?[\w.-]+\/[\w.-]+$/, {
  error: 'expected owner/name, or the full https URL of the repository',
});
const workflow = line.regex(
  /^(?:https:\/\/[^/\s*]+\/)?[\w.-]+\/[\w.-]+\/\.github\/workflows\/[^\s*@]+\.ya?ml(?:@\S+)?$/,
  {
    error: 'expected owner/name/.github/workflows/file.yml, with or without @ref',
  },
);
const commit = line.regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, {
  error: 'expected the full hash of a commit: github.sha in an expression',
});

const scope = { images: line.optional(), bundle: line.optional() };

export const attestationSchema = z.strictObject({
  repository,
  'signer-workflow': workflow.optional(),
  ref: line
    .refine((ref) => ref.startsWith('refs/'), { error: 'expected a full ref, such as refs/heads/main' })
    .optional(),
  commit: commit.optional(),
  issuer: line.refine((url) => url.startsWith('https://'), { error: 'expected an https URL' }).optional(),
  'predicate-type': line.default('https://slsa.dev/provenance/v1'),
  'self-hosted-runners': trueOrFalse.default(false),
  ...scope,
});

export const identitySchema = z.strictObject({ identity: pattern, issuer: pattern, ...scope });

export const keySchema = z.strictObject({
  key: z.string({ error: NOT_TEXT }).min(1, 'expected the path of a public key, or the key itself in PEM'),
  'transparency-log': trueOrFalse.default(true),
  ...scope,
});

/** One of these names each entry of the list. */
export const KINDS = ['attestation', 'signature', 'unverified'] as const;

export const exemptionSchema = pattern;

export type AttestationEntry = z.infer<typeof attestationSchema>;
export type KeyEntry = z.infer<typeof keySchema>;
