"""Every command and option as a page, from the command lines themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

import typer.main
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from program_user_info_job.cli.main import app as job_app
from program_user_info_operator.cli.main import app as operator_app
from program_user_info_operator.cli.plugin import app as plugin_app

_HEAD = """# Commands

There are three programs: the plugin `kubectl puij`, the controller `program-user-info-operator`,
and the job `program-user-info-job`. `make setup` installs all of them into `.venv/bin`. The images
contain the last two.

This page is generated from the code (`make generate`).

## Install the plugin

In a clone of the repository, run one of these commands. Then kubectl finds `kubectl-puij` on your
PATH. The plugin uses your kubectl, so your context, credentials and proxies apply.

<!-- not run: installs a program for the user -->
```sh
uv tool install --python 3.11 ./operator
pipx install --python python3.11 ./operator
```

`kubectl-puij --install-completion` installs your shell's completion for the command `kubectl-puij`.

## The option --config

Most commands of `program-user-info-job` need `--config FILE`, the configuration that the controller
renders for a job. `kubectl puij job` sets it for you. To read it yourself:

<!-- not run: needs a job; tests/e2e reads a job's configuration the same way -->
```sh
kubectl get configmap --namespace sunbird-dev \\
  --selector lern.sunbird.org/job=program-user-info --output yaml
```
"""
_FOOT = """## Where to go next

- [Operating](operating.md): when to use which command.
- [GitOps](gitops.md): `render` and `diff` in a pipeline.
- [From an event to a row](mapping.md): what `flatten` prints, and why.
"""
_APPS = {
    "kubectl puij": plugin_app,
    "program-user-info-operator": operator_app,
    "program-user-info-job": job_app,
}


def commands_page() -> str:
    """Markdown: a heading for each command, its options as a table."""
    parts = [_HEAD]
    for program, name, command in commands():
        parts += [f"## {program} {name}\n", _text(command.help or ""), ""]
        rows = [_row(each) for each in command.params if each.name != "help"]
        if rows:
            parts += ["| option | default | meaning |", "| --- | --- | --- |", *rows, ""]
    return "\n".join([*parts, _FOOT])


def commands() -> Iterator[tuple[str, str, TyperCommand]]:
    """Program, name and definition of each command."""
    for program, app in _APPS.items():
        group = typer.main.get_command(app)
        assert isinstance(group, TyperGroup)
        for name, command in group.commands.items():
            assert isinstance(command, TyperCommand)
            if not command.hidden:
                yield program, name, command


def _row(parameter: object) -> str:
    if isinstance(parameter, TyperArgument):
        plain = (parameter.metavar or parameter.name or "").strip("[]")
        name = plain if parameter.required else f"[{plain}]"
        return f"| `{name}` | | {_text(parameter.help or '')} |"
    assert isinstance(parameter, TyperOption)
    names = ", ".join(f"`{each}`" for each in [*parameter.opts, *parameter.secondary_opts])
    meaning = _text(parameter.help or "")
    if parameter.required:
        return f"| {names} | required | {meaning} |"
    default = parameter.default
    if isinstance(default, list | tuple):
        default = " ".join(map(str, default))
    shown = "" if default in (None, "", False) or callable(default) else f"`{default}`"
    variable = f" Environment variable: `{parameter.envvar}`." if parameter.envvar else ""
    return f"| {names} | {shown} | {meaning}{variable} |"


def _text(text: str) -> str:
    """One line, with what a table or HTML would take for its own escaped."""
    return re.sub(r"\s+", " ", text).strip().replace("|", "\\|").replace("<", "&lt;")
