"""Names that users and other programs rely on (design contract, section "Names")."""

GROUP = "lern.sunbird.org"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
KIND = "ProgramUserInfoJob"
PLURAL = "programuserinfojobs"
SINGULAR = "programuserinfojob"
SHORT_NAME = "puij"
CATEGORY = "sunbird"

FIELD_MANAGER = "program-user-info-operator"

LABEL_JOB = f"{GROUP}/job"
"""On every child: the name of its ProgramUserInfoJob."""
LABEL_ENVIRONMENT = f"{GROUP}/environment"
ANNOTATION_DESIRED_HASH = f"{GROUP}/desired-hash"
"""On every child: the hash of what was applied; tells a removed field from a foreign one."""

LABEL_REVISION = f"{GROUP}/revision"
"""On a FlinkDeployment: the revision that it runs. On a ConfigMap: the revision that it records."""
ANNOTATION_REDEPLOY = f"{GROUP}/redeploy-nonce"
"""On a FlinkDeployment: the `spec.savepoint.redeployNonce` that it was created for."""
ANNOTATION_SECRETS = f"{GROUP}/secrets"
"""On the pods: a hash of the versions (not of the values) of the Secrets that they use."""

FLINK_API_VERSION = "flink.apache.org/v1beta1"
FLINK_KIND = "FlinkDeployment"
