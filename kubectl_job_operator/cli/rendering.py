"""From the options of the command line to the rendered template, by the operator's own Renderer."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2.sandbox
from jinja2.ext import Extension

from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.attempt.sources import kustomized
from kubectl_job_operator.cli.airflow_filters import FILTERS
from kubectl_job_operator.cli.airflow_names import airflow_names, with_given
from kubectl_job_operator.cli.lines import LineMap, LineMarks, exact_map, near_map, own_lines
from kubectl_job_operator.cli.options import Options, kubectl_of, new_identity
from kubectl_job_operator.cli.source import Source, refuse_stdin_twice, source_of
from kubectl_job_operator.cli.variables import variables_of
from kubectl_job_operator.errors import InputError
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.manifest.name_room import longest_name
from kubectl_job_operator.manifest.names import valid_name
from kubectl_job_operator.manifest.template import Rendered, Renderer


def _environment(*extensions: type[Extension]) -> jinja2.Environment:
    """Make a sandbox with Airflow's own filters."""
    environment = jinja2.sandbox.SandboxedEnvironment(extensions=extensions)
    environment.filters |= FILTERS
    return environment


@dataclass(frozen=True)
class Template:
    """A template with all that is needed to render it.

    :param source: where it comes from.
    :param search_path: where it looks for others.
    :param variables: what it may use.
    :param identity: whose Job it describes.
    :param environment: makes what renders it, with extensions of Jinja.
    """

    source: Source
    search_path: Sequence[str | Path]
    variables: dict[str, Any]
    identity: Identity
    environment: Callable[..., jinja2.Environment] = field(default=_environment)

    @classmethod
    def of(cls, file: str, options: Options, show: Callable[[str], None] | None = None) -> Template:
        """Take a template's file, and its variables from the options.

        :param show: takes the command that makes YAML of a folder, and what came of it.
        :raises InputError: if there is no such file, or the variables cannot be read.
        """
        refuse_stdin_twice(file, *options.values_files)
        source = source_of(file, lambda folder: kustomized(kubectl_of(options), folder, show))
        if source.is_built and (options.values_files or options.assignments):
            raise InputError(
                f"{source.name} is a kustomization, which has no variables.\n"
                "What to do: leave out --set, --set-string and --values; an overlay of its own says what is different."
            )
        now = datetime.datetime.now(datetime.timezone.utc)
        identity = new_identity(source.task_id, now)
        variables = with_given(airflow_names(identity, now), variables_of(options.values_files, options.assignments))
        folders = tuple(Path(os.path.abspath(folder)) for folder in options.search_path)  # noqa: PTH100
        if source.text is not None and not folders:
            # What it names is looked for where the shell stands.
            folders = (Path.cwd(),)
        return cls(source, folders, variables, identity)

    def render(self) -> Rendered:
        """Render it.

        :raises TemplateError: if it cannot be rendered.
        """
        return self._render(Renderer(self.search_path, self.variables, self.environment()))

    def lines(self, text: str) -> LineMap:
        """Find out which line of the template each line of its rendered text came from.

        It is rendered once more, with a mark in each line. Where that gives another text, as from a template that rolls
        dice, the lines are compared instead.
        """
        if self.source.is_built:
            # kubectl does not tell which file a line of it came from.
            return own_lines(text, self.source)
        environment = self.environment(LineMarks)
        marked = self._render(Renderer(self.search_path, self.variables, environment)).text
        return exact_map(text, marked, LineMarks.files_of(environment), self.source) or near_map(text, self.source)

    def manifest(self, rendered: Rendered, job_annotations: Mapping[str, str]) -> Manifest:
        """Read what was rendered; where its Job has no name, it gets one, which is another for each run.

        :param job_annotations: added to the Job.
        :raises ManifestError: if it is no manifest with exactly one Job.
        """
        name = valid_name(self.identity.task_id)
        manifest = Manifest.parse(rendered.text, rendered.source, job_annotations, name)
        if not manifest.is_unnamed:
            return manifest
        return manifest.with_name(self.identity.unique_name(manifest.name, longest_name(manifest.job)))

    def _render(self, renderer: Renderer) -> Rendered:
        if self.source.is_built:
            return Rendered(self.source.read(), self.source.name)
        if self.source.text is None:
            return renderer.render_file(self.source.name)
        return renderer.render_text(self.source.text, self.source.name)
