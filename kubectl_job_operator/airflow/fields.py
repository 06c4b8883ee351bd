"""Rendering Airflow's own template fields: an error tells which it was, and is raised where it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from kubectl_job_operator.airflow.compat.imports import AirflowFailException, Context

if TYPE_CHECKING:
    import jinja2
    from airflow.sdk import BaseOperator
else:
    BaseOperator = object  # the next class of an operator is

# Names that a DAG run without a logical date has not.
_DATES = re.compile(r"'(?:ds|ts|ds_nodash|ts_nodash\w*|logical_date|execution_date|data_interval_\w+)' is undefined")


class RendersFields(BaseOperator):
    """A mixin of operators: what is wrong with their fields is kept until ``execute``, in whose log it is read."""

    _rendering_error: Exception | None = None
    """What ``execute`` is to raise; ``None`` if all could be rendered."""

    def _do_render_template_fields(
        self,
        parent: Any,
        template_fields: Iterable[str],
        context: Context,
        jinja_env: jinja2.Environment,
        seen_oids: set[int],
    ) -> None:
        """Render Airflow's fields; the one hook that all versions call, mapped or not."""
        render = super()._do_render_template_fields
        as_returned = self._keep_as_returned(_of_mapping(self, seen_oids)) if parent is self else frozenset()

        def render_fields(names: Iterable[str]) -> None:
            others = [name for name in names if name not in as_returned]
            render_each(lambda name: render(parent, (name,), context, jinja_env, seen_oids), others)

        if parent is not self:
            # A value in a field, which has such fields itself.
            render_fields(template_fields)
            return
        self._rendering_error = None
        try:
            self._render_all(render_fields, template_fields, context)
        except Exception as error:
            # Raised here, it would hide in a folded group of the UI.
            if not self._keeps_rendering_error(context):
                raise
            self._keep_rendering_error(error)

    def _keep_as_returned(self, names: frozenset[str]) -> frozenset[str]:
        """Take the arguments of these names as no templates; return the fields that are not to be rendered for it."""
        return names

    def _render_all(
        self,
        render_fields: Callable[[Iterable[str]], None],
        names: Iterable[str],
        context: Context,  # noqa: ARG002 - for a subclass
    ) -> None:
        """Render the fields, and what is made of them."""
        render_fields(names)

    def _keeps_rendering_error(self, context: Context) -> bool:  # noqa: ARG002 - for a subclass
        """Whether ``execute`` comes, which raises it."""
        return True

    def _keep_rendering_error(self, error: Exception) -> None:
        self._rendering_error = error


class RendersYaml(RendersFields):
    """The same for an operator that makes YAML of its fields."""

    rendered_yaml: str | None = None
    """That YAML, for Airflow's "Rendered Template" tab; filled when the fields are rendered, of which it is one."""
    yaml_argument: ClassVar[str]
    """The argument that holds YAML; what earlier tasks returned in it is in the field of this name and ``_xcoms``."""

    def _keep_as_returned(self, names: frozenset[str]) -> frozenset[str]:
        if self.yaml_argument not in names:
            return names
        xcoms = f"{self.yaml_argument}_xcoms"
        setattr(self, xcoms, {self.yaml_argument: getattr(self, self.yaml_argument)})
        return names | {xcoms}

    def _render_all(
        self, render_fields: Callable[[Iterable[str]], None], names: Iterable[str], context: Context
    ) -> None:
        # Rendered output must never be rendered again.
        self.rendered_yaml = None
        render_fields(names)
        self._render_yaml(context)

    def _render_yaml(self, context: Context) -> None:
        """Make the YAML, and keep it in ``rendered_yaml``."""
        raise NotImplementedError

    def _keep_rendering_error(self, error: Exception) -> None:
        super()._keep_rendering_error(error)
        self.rendered_yaml = f"# {error}".replace("\n", "\n# ")


def _of_mapping(operator: BaseOperator, seen_oids: Collection[int]) -> frozenset[str]:
    """Return the arguments that a task which is mapped by ``expand`` has from earlier tasks' results: no templates.

    Airflow knows each by its identity, which a copy that the operator has made of it has not. What a subclass has made
    of one is another value, and a template as all.
    """
    # Only a worker needs it, and the DAGs of sensors import it for nothing else.
    from kubectl_job_operator.manifest.shorthand import normal

    given: Mapping[str, Any] = getattr(operator, "_BaseOperator__init_kwargs", {})
    returned = {name: value for name, value in given.items() if id(value) in seen_oids}
    return frozenset(
        name for name, value in returned.items() if _is_equal(getattr(operator, name, None), normal(name, value))
    )


def _is_equal(one: Any, other: Any) -> bool:
    """Whether they are equal; what cannot be told, as of a table within, is taken for so."""
    try:
        return bool(one == other)
    except Exception:  # noqa: BLE001 - what an earlier task returned may be of any class
        return True


def render_each(render: Callable[[str], object], names: Iterable[str]) -> None:
    """Render fields one by one.

    :param render: renders the field of a name.
    :raises AirflowFailException: naming the field, where its template is broken or lacks something.
    """
    import jinja2

    for name in names:
        try:
            render(name)
        except jinja2.TemplateError as error:
            words = str(error).rstrip(".")
            advice = "mend its template."
            if _DATES.search(words):
                advice = (
                    "give the DAG run a logical date, for one that an asset or the API has started may have none, and "
                    "then has no ds; or use what each run has, as {{ run_id }}."
                )
            sentence = f"The argument {name} cannot be rendered: {words}."
            raise AirflowFailException(f"{sentence}\nWhat to do: {advice}") from None
