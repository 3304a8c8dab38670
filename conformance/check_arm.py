"""Checks recorded exchanges with ARM strictly against the models of Microsoft's own Python clients.

usage: check_arm.py EXCHANGES [PLANTED ...]

EXCHANGES is a file of JSON lines {operation, request: {body}, answer: {status, headers, body}}. PLANTED are members that
no model knows and that were put there on purpose. Prints one JSON object: {operations, errors, planted, undocumented,
problems}.
"""

import collections
import inspect
import json
import re
import sys

import azure.mgmt.appcontainers.models as apps
import azure.mgmt.appcontainers.operations as app_operations
import azure.mgmt.containerregistry.models as registries
import azure.mgmt.containerregistry.operations as registry_operations
from arm_shapes import Walk, shape_of

APPS = app_operations.ContainerAppsOperations
REVISIONS = app_operations.ContainerAppsRevisionsOperations
REPLICAS = app_operations.ContainerAppsRevisionReplicasOperations
AUTH = app_operations.ContainerAppsAuthConfigsOperations
REGISTRIES = registry_operations.RegistriesOperations

# Operation -> what it answers, and the generated method that says with which status. None: it answers nothing.
OPERATIONS = {
    "ContainerApps_Get": (apps.ContainerApp, APPS.get),
    "ContainerApps_Update": (apps.ContainerApp, APPS._update_initial),
    "ContainerApps_CreateOrUpdate": (apps.ContainerApp, APPS._create_or_update_initial),
    "ContainerApps_ListByResourceGroup": (apps.ContainerAppCollection, APPS.list_by_resource_group),
    "ContainerApps_ListBySubscription": (apps.ContainerAppCollection, APPS.list_by_subscription),
    "ContainerApps_ListSecrets": (apps.SecretsCollection, APPS.list_secrets),
    "ContainerApps_GetAuthToken": (apps.ContainerAppAuthToken, APPS.get_auth_token),
    "ContainerAppsAuthConfigs_Get": (apps.AuthConfig, AUTH.get),
    "ContainerAppsAuthConfigs_ListByContainerApp": (apps.AuthConfigCollection, AUTH.list_by_container_app),
    "ContainerAppsRevisions_ListRevisions": (apps.RevisionCollection, REVISIONS.list_revisions),
    "ContainerAppsRevisions_GetRevision": (apps.Revision, REVISIONS.get_revision),
    "ContainerAppsRevisions_ActivateRevision": (None, REVISIONS.activate_revision),
    "ContainerAppsRevisions_DeactivateRevision": (None, REVISIONS.deactivate_revision),
    "ContainerAppsRevisions_RestartRevision": (None, REVISIONS.restart_revision),
    "ContainerAppsRevisionReplicas_ListReplicas": (apps.ReplicaCollection, REPLICAS.list_replicas),
    "ContainerAppsRevisionReplicas_GetReplica": (apps.Replica, REPLICAS.get_replica),
    "ManagedEnvironments_Get": (apps.ManagedEnvironment, app_operations.ManagedEnvironmentsOperations.get),
    "OperationResults_Get": (apps.ContainerApp, APPS._update_initial),
    "Registries_Get": (registries.Registry, REGISTRIES.get),
    "Registries_ImportImage": (None, REGISTRIES._import_image_initial),
}
REQUESTS = {
    "ContainerApps_Update": apps.ContainerApp,
    "ContainerApps_CreateOrUpdate": apps.ContainerApp,
    "Registries_ImportImage": registries.ImportImageParameters,
}
# In no client's model: https://github.com/cloud-and-ai-microsoft/resource-provider-contract/blob/master/v1.0/async-api-reference.md
STATUS_MEMBERS = {"id": str, "name": str, "status": str, "startTime": str, "endTime": str, "error": dict}
# The portal's documentation has them, the published API not:
# https://learn.microsoft.com/azure/container-apps/revisions#running-status
UNDOCUMENTED = {
    "runningState": {"Activating", "ActivationFailed", "ScaledToZero", "RunningAtMaxScale"},
    "activeRevisionsMode": {"Labels"},
}
# What ARM itself, and not the provider, answers with.
PLAIN_OPERATIONS = {"Registries_List", "RegistryOperationStatuses_Get", "Subscriptions_Get", "Subscriptions_List",
                    "Tenants_List", "Permissions_List"}  # fmt: skip


def main(path, planted):
    report = Report(set(planted))
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            exchange = json.loads(line)
            report.at(number, exchange)
            try:
                check(exchange, report)
            except Exception as error:  # the body could not be read at all
                report.problem("exchange", f"{type(error).__name__}: {error}")
    json.dump(report.result(), sys.stdout)


class Report:
    def __init__(self, planted):
        self.planted = planted
        self.operations = collections.Counter()
        self.errors = collections.Counter()
        self.seen_planted = collections.Counter()
        self.seen_undocumented = collections.Counter()
        self.problems = []
        self.place = ""

    def at(self, number, exchange):
        self.place = f"{number} {exchange['operation']}"
        self.operations[exchange["operation"]] += 1

    def problem(self, where, text):
        self.problems.append(f"{self.place} {where}: {text}")

    def walk(self, where, model, value, is_patch=False):
        walk = Walk(self.planted, UNDOCUMENTED, lambda path, text: self.problem(f"{where}{path}", text), is_patch)
        walk.value(shape_of(model), value, "")
        self.seen_planted.update(walk.seen_planted)
        self.seen_undocumented.update(walk.seen_undocumented)

    def result(self):
        return {
            "operations": self.operations,
            "errors": self.errors,
            "planted": self.seen_planted,
            "undocumented": self.seen_undocumented,
            "problems": self.problems,
        }


def check(exchange, report):
    operation, answer = exchange["operation"], exchange["answer"]
    if not answer["headers"].get("x-ms-request-id"):
        report.problem("answer", "no x-ms-request-id")
    if answer["status"] >= 400:
        return check_error(operation, answer, report)
    if operation == "OperationStatuses_Get":
        return check_status(json.loads(answer["body"]), report)
    if operation in PLAIN_OPERATIONS:
        return None
    if operation not in OPERATIONS:
        return report.problem("operation", "no client has one of this name")
    model, method = OPERATIONS[operation]
    check_code(method, answer["status"], report)
    if answer["status"] == 202:
        check_followed(answer["headers"], report)
    if operation in REQUESTS:
        sent = json.loads(exchange["request"]["body"])
        report.walk("request", REQUESTS[operation], sent, is_patch=operation == "ContainerApps_Update")
    if model is None and answer["body"]:
        return report.problem("answer", "has a body that no client reads")
    if model is not None and answer["body"]:
        return check_body(model, json.loads(answer["body"]), report)
    return None


def check_body(model, body, report):
    report.walk("answer", model, body)
    # Their own parser reads it as well.
    if hasattr(model, "deserialize"):
        model.deserialize(body)


def check_code(method, status, report):
    source = inspect.getsource(inspect.unwrap(method))
    allowed = re.search(r"status_code not in \[([\d, ]+)\]", source)
    codes = [int(code) for code in allowed[1].split(",")] if allowed else [200]
    if status not in codes:
        report.problem("answer", f"the status {status} is none of {codes}")


def check_followed(headers, report):
    for name in ("location", "azure-asyncoperation"):
        if name in headers and not headers[name].startswith("https://management.azure.com/subscriptions/"):
            report.problem("answer", f"{name} is {headers[name]!r}")
    if "location" not in headers:
        report.problem("answer", "no location to follow")
    if not headers.get("retry-after", "1").isdigit():
        report.problem("answer", f"retry-after is {headers['retry-after']!r}")


def check_status(body, report):
    for name, value in body.items():
        if name not in STATUS_MEMBERS or not isinstance(value, STATUS_MEMBERS[name]):
            report.problem("answer", f"{name} is {value!r}")
    if body.get("status") not in ("InProgress", "Succeeded", "Failed", "Canceled"):
        report.problem("answer", f"the status is {body.get('status')!r}")
    if (body.get("status") == "Failed") != ("error" in body):
        report.problem("answer", "an error without a failure, or the other way round")
    if "error" in body:
        report.walk("answer", apps.DefaultErrorResponse, {"error": body["error"]})


def check_error(operation, answer, report):
    body = json.loads(answer["body"])
    if set(body) != {"error"}:
        return report.problem("answer", f"an error with the members {sorted(body)}")
    report.errors[body["error"].get("code")] += 1
    report.walk("answer", apps.DefaultErrorResponse, body)
    for name in ("code", "message"):
        if not body["error"].get(name):
            report.problem("answer", f"an error without {name}")
    if answer["status"] == 401 and "www-authenticate" not in answer["headers"]:
        report.problem("answer", f"{operation} is refused without a challenge")
    return None


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
