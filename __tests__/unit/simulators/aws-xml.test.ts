import { DescribeTargetGroupsCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { describe, expect, it } from '@jest/globals';
import { Stage } from './aws-stage.ts';

describe('an answer in XML', () => {
  it('names its request in its metadata', async () => {
    const stage = new Stage();
    const { $metadata } = await stage.sts.send(new GetCallerIdentityCommand({}));
    expect($metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(stage.lastBody).toContain(
      `</GetCallerIdentityResult><ResponseMetadata><RequestId>${$metadata.requestId}</RequestId></ResponseMetadata>`,
    );
  });

  it('that is an error names it beside the error', async () => {
    const stage = new Stage();
    const refused = stage.elb.send(new DescribeTargetGroupsCommand({ Names: ['nobody'] }));
    await expect(refused).rejects.toMatchObject({ name: 'TargetGroupNotFoundException' });
    expect(stage.lastBody).toMatch(/<\/Error><RequestId>[0-9a-f-]{36}<\/RequestId><\/ErrorResponse>/);
  });
});
