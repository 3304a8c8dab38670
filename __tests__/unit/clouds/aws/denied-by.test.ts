import { expect, test } from '@jest/globals';
import { otherPolicyHint, readDenial } from '../../../../src/clouds/aws/denied-by.ts';

const said = (why: string) =>
  `User: arn:aws:sts::1:assumed-role/deploy/x is not authorized to perform: ecr:BatchGetImage on resource: y ${why}`;

test('the role’s own policy is the one to change where nothing else denies it', () => {
  for (const why of ['', 'because no identity-based policy allows the ecr:BatchGetImage action']) {
    expect(readDenial(said(why))).toEqual({ action: 'ecr:BatchGetImage', policy: null });
    expect(otherPolicyHint(said(why), 'the role')).toBeNull();
  }
});

test.each([
  ['because no resource-based policy allows the ecr:BatchGetImage action', /in the policy of the resource itself/],
  ['with an explicit deny in a resource-based policy', /in the policy of the resource itself/],
  ['with an explicit deny in a service control policy', /^The service control policy does not allow ecr:BatchGetImage/],
  ['because no service control policy allows the ecr:BatchGetImage action', /^The service control policy/],
  ['because no permissions boundary allows the ecr:BatchGetImage action', /^The permissions boundary/],
  ['because no session policy allows the ecr:BatchGetImage action', /^The session policy/],
  ['with an explicit deny in a VPC endpoint policy', /^The VPC endpoint policy/],
  ['with an explicit deny in a resource control policy', /^The resource control policy/],
])('%s', (why, hint) => {
  expect(otherPolicyHint(said(why), 'the role')).toMatch(hint);
  expect(otherPolicyHint(said(why), 'the role')).toContain('A permission of the role alone is not enough.');
});
