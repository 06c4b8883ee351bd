"""From the options of the command line to the rendered template, by the operator's own Renderer."""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2.sandbox

from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.cli.airflow_names import airflow_names, with_given
from kubectl_job_operator.cli.lines import LineMap, LineMarks, exact_map, near_map
from kubectl_job_operator.cli.options import Options, new_identity, task_id_of
from kubectl_job_operator.cli.variables import variables_of
from kubectl_job_operator.errors import TemplateError
from kubectl_job_operator.manifest.template import Rendered, Renderer


@dataclass(frozen=True)
class Template:
    """A template with all that is needed to render it.

    :param path: its file.
    :param search_path: where it looks for others.
    :param variables: what it may use.
    :param identity: whose Job it describes.
    """

    path: Path
    search_path: tuple[Path, ...]
    variables: dict[str, Any]
    identity: Identity

    @classmethod
    def of(cls, file: str, options: Options) -> Template:
        """Take a template's file, and its variables from the options.

        :raises InputError: if there is no such file, or the variables cannot be read.
        """
        # Not Path.resolve: a template that is a link finds its family where the link is.
        path = Path(os.path.abspath(file))  # noqa: PTH100
        if not path.is_file():
            raise TemplateError(f"There is no template {str(path)!r}.\nWhat to do: check the path.")
        now = datetime.datetime.now(datetime.timezone.utc)
        identity = new_identity(task_id_of(file), now)
        variables = with_given(airflow_names(identity, now), variables_of(options.values_files, options.assignments))
        folders = tuple(Path(os.path.abspath(folder)) for folder in options.search_path)  # noqa: PTH100
        return cls(path, folders, variables, identity)

    def render(self) -> Rendered:
        """Render it.

        :raises TemplateError: if it cannot be rendered.
        """
        return Renderer(self.search_path, self.variables).render_file(str(self.path))

    def lines(self, text: str) -> LineMap:
        """Find out which line of the template each line of its rendered text came from.

        It is rendered once more, with a mark in each line. Where that gives another text, as from a template that rolls
        dice, the lines are compared instead.
        """
        environment = jinja2.sandbox.SandboxedEnvironment(extensions=[LineMarks])
        marked = Renderer(self.search_path, self.variables, environment).render_file(str(self.path)).text
        return exact_map(text, marked, LineMarks.files_of(environment)) or near_map(text, self.path)
