"""A few verbs on a few kinds, over the official client. Reads are live, never from a cache."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from program_user_info_operator.api import names

Object = dict[str, Any]

_TIMEOUT = 30.0
_APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True)
class Kind:
    """A kind's place in the API."""

    api_version: str
    plural: str
    name: str

    def path(self, namespace: str | None, name: str = "", subresource: str = "") -> str:
        """The URL path of the collection, an object, or a subresource of it."""
        prefix = "/apis" if "/" in self.api_version else "/api"
        scope = ("namespaces", namespace) if namespace else ()
        parts = (prefix, self.api_version, *scope, self.plural, name, subresource)
        return "/".join(part for part in parts if part)


JOB = Kind(names.API_VERSION, names.PLURAL, names.KIND)
FLINK_DEPLOYMENT = Kind(names.FLINK_API_VERSION, "flinkdeployments", names.FLINK_KIND)
CONFIG_MAP = Kind("v1", "configmaps", "ConfigMap")
EVENT = Kind("v1", "events", "Event")
_APPLIED = {kind.name: kind for kind in (JOB, FLINK_DEPLOYMENT, CONFIG_MAP)}


class ApiError(Exception):
    """The API server refused, or could not be reached (`status` 0)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}" if status else message)
        self.status = status
        self.message = message

    @property
    def is_refusal(self) -> bool:
        """Whether the same request would be refused again: its content is at fault."""
        return self.status in (400, 422)


class ApiServer:
    """The API server as the controller sees it. Safe to use from several threads."""

    def __init__(self, connections: int = 8) -> None:
        """Connect as the pod's service account, else as the kubeconfig says.

        Raises `ApiError` where there is neither.
        """
        try:
            config.load_incluster_config()
        except config.ConfigException:
            try:
                config.load_kube_config()
            except config.ConfigException as error:
                raise ApiError(0, f"no cluster to talk to: {error}; set KUBECONFIG") from error
        configuration = client.Configuration.get_default_copy()
        configuration.connection_pool_maxsize = connections
        configuration.retries = 0  # the queue retries, with back-off and in view of everybody
        self._client = client.ApiClient(configuration)

    def get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """The object, or None. A kind that is not installed raises `ApiError` 404."""
        try:
            return self._request("GET", kind.path(namespace, name))
        except ApiError as error:
            if error.status == 404 and self._is_served(kind, namespace):
                return None
            raise

    def list_objects(self, kind: Kind, namespace: str | None, selector: str = "") -> list[Object]:
        """All objects that the label selector matches, in one namespace or in all."""
        query = [("labelSelector", selector)] if selector else []
        items: list[Object] = self._request("GET", kind.path(namespace), query=query)["items"]
        # A list names the kind of its items once, an object of its own each time.
        return [{"apiVersion": kind.api_version, "kind": kind.name} | item for item in items]

    def apply(
        self, desired: Mapping[str, Any], *, subresource: str = "", dry_run: bool = False
    ) -> Object:
        """Server-side apply with our field manager; takes fields over from others.

        With `dry_run` nothing is stored: the answer is what would be.
        """
        metadata = desired["metadata"]
        path = _APPLIED[desired["kind"]].path(metadata["namespace"], metadata["name"], subresource)
        query = [("fieldManager", names.FIELD_MANAGER), ("force", "true")]
        query += [("dryRun", "All")] if dry_run else []
        return self._request("PATCH", path, query=query, body=desired, content_type=_APPLY)

    def create(self, kind: Kind, namespace: str, body: Mapping[str, Any]) -> None:
        """Create an object."""
        self._request("POST", kind.path(namespace), body=body)

    def delete(self, kind: Kind, namespace: str, name: str) -> None:
        """Delete an object; one that is gone already is fine."""
        try:
            self._request("DELETE", kind.path(namespace, name))
        except ApiError as error:
            if error.status != 404:
                raise

    def _is_served(self, kind: Kind, namespace: str) -> bool:
        """Tells a missing object from a missing kind, which answer alike."""
        try:
            self._request("GET", kind.path(namespace), query=[("limit", "1")])
        except ApiError as error:
            if error.status == 404:
                return False
            raise
        return True

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: list[tuple[str, str]] | None = None,
        body: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
    ) -> Object:
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = content_type
        request = self._client.param_serialize(
            method=method,
            resource_path=path,
            query_params=query or [],
            header_params=headers,
            body=body,
            auth_settings=["BearerToken"],
        )
        try:
            response = self._client.call_api(*request, _request_timeout=_TIMEOUT)
            data = response.read()
        except (HTTPError, ApiException, OSError) as error:
            raise ApiError(
                0, f"the API server cannot be reached: {type(error).__name__}"
            ) from error
        if not 200 <= response.status < 300:
            raise ApiError(response.status, _message(data))
        document: Object = json.loads(data)
        return document


def _message(data: bytes) -> str:
    """What a `Status` object says, without its boilerplate."""
    try:
        return str(json.loads(data)["message"])
    except (ValueError, KeyError, TypeError):
        return data.decode(errors="replace")[:200]
