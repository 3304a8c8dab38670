import { expect, test } from '@jest/globals';
import { looksLikeValue } from '../../../src/model/secret-value.ts';

test.each([
  'sk-proj-abcdefghijklmnop',
  'ghp_0123456789abcdefghijABCDEFGHIJ012345',
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl',
  '-----BEGIN PRIVATE KEY-----\nMIIE',
  'AKIAIOSFODNN7EXAMPLE',
  'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  'c2VjcmV0IHZhbHVl==',
  'postgres://app:hunter2@db.internal/app',
  '3f786850e387550fdab836ed7e6dc881de23001b',
  'correct horse battery staple',
  'hunter2!',
  '{"password":"x"}',
])('%j is a value', (text) => expect(looksLikeValue(text)).toBe(true));

test.each([
  'openai-api-key',
  'openai-api-key:3',
  'projects/acme-prod/secrets/openai-api-key/versions/latest',
  'arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db+reader=1-AbCdEf:password::',
  'arn:aws-cn:ssm:cn-north-1:123456789012:parameter/prod/db',
  '/prod/db/password',
  'secret/openai/api-key',
  'configmap/settings/LOG_LEVEL',
  'https://acme.vault.azure.net/secrets/api-key/0123456789abcdef',
  'api-key',
])('%j may be a reference', (text) => expect(looksLikeValue(text)).toBe(false));
