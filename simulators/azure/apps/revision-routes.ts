import type { ArmAnswer, ArmCall, ArmRoute } from '../arm-host.ts';
import type { AzureWorld } from '../world.ts';
import { APP, findPlace, get, inApp, inRevision, ok, post, type RevisionPlace } from './app-route.ts';
import { ensureFree, homeOf } from './change-app.ts';
import { findReplica } from './find.ts';
import { activate, deactivate, restart } from './revision-life.ts';
import type { ContainerApp } from './state.ts';
import { forgetInactive } from './traffic.ts';
import { viewReplica, viewRevision } from './view-app.ts';

const REVISION = `${APP}/revisions/{revision}`;

/** Revisions and their replicas. */
export const revisionRoutes: readonly ArmRoute[] = [
  get('ContainerAppsRevisions_ListRevisions', `${APP}/revisions`, 'containerApps/revisions/read', inApp(listRevisions)),
  get(
    'ContainerAppsRevisions_GetRevision',
    REVISION,
    'containerApps/revisions/read',
    inRevision((_world, { app, revision }) => ok(viewRevision(app, revision))),
  ),
  post(
    'ContainerAppsRevisions_ActivateRevision',
    `${REVISION}/activate`,
    'containerApps/revisions/activate/action',
    inRevision(activateRevision),
  ),
  post(
    'ContainerAppsRevisions_DeactivateRevision',
    `${REVISION}/deactivate`,
    'containerApps/revisions/deactivate/action',
    inRevision(deactivateRevision),
  ),
  post(
    'ContainerAppsRevisions_RestartRevision',
    `${REVISION}/restart`,
    'containerApps/revisions/restart/action',
    inRevision(restartRevision),
  ),
  get(
    'ContainerAppsRevisionReplicas_ListReplicas',
    `${REVISION}/replicas`,
    'containerApps/revisions/replicas/read',
    inRevision(listReplicas),
  ),
  {
    ...get(
      'ContainerAppsRevisionReplicas_GetReplica',
      `${REVISION}/replicas/{replica}`,
      'containerApps/revisions/replicas/read',
      () => ok({}),
    ),
    run: (world, call) => {
      const place = findPlace(world, call);
      const replica = findReplica(place.revision, call.names['replica'] ?? '');
      return ok(viewReplica(world, place.app, { revision: place.revision, replica }));
    },
  },
];

function listRevisions(_world: AzureWorld, app: ContainerApp, { query }: ArmCall): ArmAnswer {
  // The only filter that is known to be used: `az containerapp revision list` without --all.
  const onlyActive = /properties\/active eq true/i.test(query.get('$filter') ?? '');
  const revisions = app.revisions.filter(({ active }) => active || !onlyActive);
  return ok({ value: revisions.map((revision) => viewRevision(app, revision)) });
}

function activateRevision(world: AzureWorld, { app, revision }: RevisionPlace): ArmAnswer {
  ensureFree(app);
  if (!revision.active) activate(homeOf(world, app), revision);
  revision.provisioningState = 'Provisioned';
  return { status: 200 };
}

function deactivateRevision(_world: AzureWorld, { app, revision }: RevisionPlace): ArmAnswer {
  ensureFree(app);
  deactivate(revision);
  forgetInactive(app);
  return { status: 200 };
}

function restartRevision(world: AzureWorld, { app, revision }: RevisionPlace): ArmAnswer {
  restart(homeOf(world, app), revision);
  return { status: 200 };
}

function listReplicas(world: AzureWorld, { app, revision }: RevisionPlace): ArmAnswer {
  return ok({ value: revision.replicas.map((replica) => viewReplica(world, app, { revision, replica })) });
}
