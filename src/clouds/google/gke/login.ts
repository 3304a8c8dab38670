import type { ClusterLogin } from '../../cluster-login.ts';
import { LOGIN_INPUTS, readLogin } from '../login.ts';
import { ensureExpectedProject, findProject, readExpectedProject, readProject } from '../project.ts';
import { ENDPOINTS } from './choose-endpoint.ts';
import { readGkeName } from './cluster-name.ts';

/** Google Kubernetes Engine, with the credentials that the job has for Google. */
export const gkeLogin: ClusterLogin = {
  inputs: ['gke-cluster', 'gke-endpoint', 'project', 'region', 'expected-account', ...LOGIN_INPUTS],
  parse(reader) {
    const name = readGkeName(reader);
    const project = readProject(reader);
    const expected = readExpectedProject(reader);
    const endpoint = reader.choice('gke-endpoint', ENDPOINTS, 'auto');
    const login = readLogin(reader);
    return async (context) => {
      const found = name.project || findProject(project, `GKE cluster ${name.name}`, context.io);
      ensureExpectedProject(found, expected);
      // Only a deploy to GKE loads it.
      const { openGke } = await import('./access.ts');
      return await openGke({ ...name, project: found, endpoint, login }, context);
    };
  },
};
