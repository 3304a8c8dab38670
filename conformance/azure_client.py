"""Microsoft's own Python client in front of the embedded Azure: reads, changes and follows an app to the end.

usage: azure_client.py SUBSCRIPTION GROUP APP IMAGE   (AZURE_TOKEN in the environment)

Prints one JSON object with what it saw.
"""

import json
import os
import sys
import time

from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.appcontainers import ContainerAppsAPIClient


class FixedToken:
    """`expires_on` is real: the client asks the machine's clock, which knows nothing of the embedded one."""

    def get_token(self, *scopes, **kwargs):
        return AccessToken(os.environ["AZURE_TOKEN"], int(time.time()) + 3600)


def main(subscription, group, name, image):
    client = ContainerAppsAPIClient(FixedToken(), subscription, polling_interval=1)
    app = client.container_apps.get(group, name)
    before = app.latest_revision_name
    app.template.containers[0].image = image
    app.template.revision_suffix = "python"
    app.configuration = None  # the secrets in it have no values
    app = client.container_apps.begin_update(group, name, app).result()
    revisions = {revision.name: revision for revision in client.container_apps_revisions.list_revisions(group, name)}
    print(
        json.dumps(
            {
                "before": before,
                "after": app.latest_revision_name,
                "provisioning": app.provisioning_state,
                "image": app.template.containers[0].image,
                "kept": app.configuration.ingress.target_port,
                "weights": {key: revision.traffic_weight for key, revision in revisions.items()},
                "missing": said(lambda: client.container_apps.get(group, "agnet")),
                "suffix": said(lambda: client.container_apps.begin_update(group, name, bad(app)).result()),
            }
        )
    )


def bad(app):
    app.configuration = None
    app.template.containers[0].image = "acme.azurecr.io/agent:other"
    return app


def said(body):
    try:
        body()
    except (ResourceNotFoundError, HttpResponseError) as error:
        return f"{type(error).__name__} {error.error.code if error.error else ''}".strip()
    return "nothing"


if __name__ == "__main__":
    main(*sys.argv[1:])
