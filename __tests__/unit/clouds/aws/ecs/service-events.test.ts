import { expect, test } from '@jest/globals';
import { withoutRoutine } from '../../../../../src/clouds/aws/ecs/service-events.ts';

const routine = [
  '(service agent) has started 1 tasks: (task b3419b3b475c7f6be7d9186e408bdb8f).',
  '(service agent) registered 1 targets in (target-group arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/a/0)',
  '(service agent) deregistered 2 targets in (target-group arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/a/0)',
  '(service agent) has begun draining connections on 1 tasks.',
  '(service agent) has stopped 1 running tasks: (task 842f7c426422c76a64e1b7e398e5db7b).',
  '(service agent) has reached a steady state.',
  '(service agent) (deployment ecs-svc/8828313442892767200) deployment completed.',
];
const news = [
  '(service agent) was unable to place a task because no container instance met all of its requirements.',
  '(service agent) (port 8080) is unhealthy in (target-group arn:aws:…) due to (reason Health checks failed).',
  '(service agent) (deployment ecs-svc/1) deployment failed: tasks failed to start.',
  '(service agent) rolling back to deployment ecs-svc/2.',
  '(service agent) is unable to consistently start tasks successfully.',
];

test('what every good rollout says is left out, and what a reader does not expect is said', () => {
  expect(withoutRoutine([...routine, ...news])).toEqual(news);
});
