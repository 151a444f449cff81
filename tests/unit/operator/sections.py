"""What a part of the resource says of what it is given."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from program_user_info_operator.api.problems import problems


def refused(section: type[BaseModel], given: Any) -> list[str]:
    """A line for each field that is wrong; none where all is taken."""
    try:
        section.model_validate(given)
    except ValidationError as error:
        return [f"{path}: {sentence}" for path, sentence, _ in problems(error)]
    return []


def rules(section: type[BaseModel]) -> list[str]:
    """The messages of the rules that the API server enforces on a section as a whole."""
    schema = section.model_json_schema(by_alias=True)
    return [rule["message"] for rule in schema.get("x-kubernetes-validations", [])]
