"""A template becomes text, or an error that names the file, the line and what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import jinja2
import jinja2.sandbox
import pytest

from kubectl_job_operator.errors import InputError, TemplateError
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.manifest.template import Rendered, Renderer

JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: a}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: main
        image: busybox
        args: [{{ value | tojson }}]
"""


class Templates:
    """Folders with templates in them.

    :param root: where they are.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, text: str | bytes) -> str:
        """Write a template; return its absolute path."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(file)

    def render(
        self, name: str, /, *folders: str, environment: jinja2.Environment | None = None, **variables: Any
    ) -> Rendered:
        """Render one, looking in the folders."""
        return Renderer([self.root / folder for folder in folders or ("",)], variables, environment).render_file(name)

    def refused(
        self, name: str, /, *folders: str, environment: jinja2.Environment | None = None, **variables: Any
    ) -> str:
        """Render one that cannot be rendered; return the error's message."""
        with pytest.raises(TemplateError) as caught:
            self.render(name, *folders, environment=environment, **variables)
        assert "What to do: " in str(caught.value)
        return str(caught.value)


@pytest.fixture
def templates(tmp_path: Path) -> Templates:
    """Give an empty folder for templates."""
    return Templates(tmp_path)


def test_a_template_is_found_by_its_absolute_path(templates: Templates) -> None:
    path = templates.write("elsewhere/a.yaml", "x: {{ x }}\n")
    assert templates.render(path, "dags", x=1) == Rendered("x: 1\n", path)


def test_a_template_is_found_in_the_search_path_the_first_folder_first(templates: Templates) -> None:
    second = templates.write("second/a.yaml", "second")
    assert templates.render("a.yaml", "first", "second") == Rendered("second", second)
    first = templates.write("first/a.yaml", "first")
    assert templates.render("a.yaml", "first", "second") == Rendered("first", first)
    assert templates.render("a.yaml", "second", "first") == Rendered("second", second)


def test_a_template_is_found_in_a_folder_below_the_search_path(templates: Templates) -> None:
    path = templates.write("dags/jobs/a.yaml", "x")
    assert templates.render("jobs/a.yaml", "dags") == Rendered("x", path)


def test_an_absolute_path_is_that_file_though_an_earlier_folder_has_one_of_that_name(templates: Templates) -> None:
    templates.write("first/a.yaml", "first")
    second = templates.write("second/a.yaml", "second")
    assert templates.render(second, "first", "second") == Rendered("second", second)


def test_a_file_below_a_later_folder_is_not_taken_for_one_below_an_earlier_one(templates: Templates) -> None:
    templates.write("first/jobs/a.yaml", "first")
    path = templates.write("dags/jobs/a.yaml", "{% include 'jobs/a.yaml' %}, second")
    assert templates.render("a.yaml", "first", "dags", "dags/jobs") == Rendered("first, second", path)


def test_what_is_wrong_in_a_file_of_a_name_that_is_there_twice_is_told_with_that_file(templates: Templates) -> None:
    templates.write("first/a.yaml", "first")
    second = templates.write("second/a.yaml", "x\n{{ missing }}")
    message = templates.refused(second, "first", "second")
    assert f"{second}, line 2," in message
    assert "2 | {{ missing }}" in message


@pytest.mark.parametrize("keeps", [False, True])
def test_the_last_line_end_of_a_template_stays_and_that_of_one_inside_it_as_the_environment_has_it(
    templates: Templates, *, keeps: bool
) -> None:
    templates.write("part.yaml", "part\n")
    templates.write("a.yaml", "{% include 'part.yaml' %}|\n\n")
    environment = jinja2.Environment(autoescape=False, keep_trailing_newline=keeps)
    renderer = Renderer([templates.root], {}, environment)
    part = "part\n" if keeps else "part"
    assert renderer.render_file("a.yaml").text == f"{part}|\n\n"
    assert renderer.render_text("{% include 'part.yaml' %}|\n", "text").text == f"{part}|\n"
    assert renderer.render_text("{% include 'part.yaml' %}|", "text").text == f"{part}|"


def test_a_text_is_a_template_where_it_has_a_mark_of_the_environments_own() -> None:
    plain = Renderer([], {})
    assert [plain.is_template(text) for text in ("", "a\r\n", "{ {", "# a", "{{ 1 }}", "{% if %}", "{# a #}")] == [
        *[False] * 4,
        *[True] * 3,
    ]
    environment = jinja2.Environment(variable_start_string="<<", line_statement_prefix="%%", line_comment_prefix="##")
    other = Renderer([], {}, environment)
    assert [other.is_template(text) for text in ("{{ 1 }}", "<< 1 >>", "%% if 1", "## a")] == [False, True, True, True]


def test_a_template_that_is_not_found_tells_every_place(templates: Templates) -> None:
    message = templates.refused("a.yaml", "first", "second")
    assert "There is no template 'a.yaml'" in message
    places = [line.strip() for line in message.splitlines() if line.startswith("  ")]
    assert places == [str(templates.root / "first/a.yaml"), str(templates.root / "second/a.yaml")]
    assert "template_searchpath" in message


def test_an_absolute_path_is_looked_for_nowhere_else(templates: Templates) -> None:
    templates.write("dags/a.yaml", "x")
    message = templates.refused("/nowhere/a.yaml", "dags")
    assert [line.strip() for line in message.splitlines() if line.startswith("  ")] == ["/nowhere/a.yaml"]


def test_a_folder_is_no_template_and_an_empty_search_path_is_told(templates: Templates) -> None:
    (templates.root / "dags" / "a.yaml").mkdir(parents=True)
    assert str(templates.root / "dags" / "a.yaml") in templates.refused("a.yaml", "dags")
    with pytest.raises(TemplateError, match="no search path"):
        Renderer([], {}).render_file("a.yaml")


def test_includes_imports_and_parents_are_found_in_the_search_path(templates: Templates) -> None:
    templates.write("shared/parent.yaml", "{% block a %}{% endblock %}|{% include 'part.yaml' %}")
    templates.write("shared/part.yaml", "{{ x }}")
    templates.write("shared/macros.yaml", "{% macro twice(x) %}{{ x }}{{ x }}{% endmacro %}")
    templates.write(
        "dags/a.yaml",
        "{% extends 'parent.yaml' %}{% from 'macros.yaml' import twice %}{% block a %}{{ twice(x) }}{% endblock %}",
    )
    assert templates.render("a.yaml", "dags", "shared", x=3).text == "33|3"


def test_a_template_outside_of_the_search_path_finds_its_neighbours_and_the_search_path(templates: Templates) -> None:
    path = templates.write("elsewhere/a.yaml", "{% include 'near.yaml' %}{% include 'far.yaml' %}")
    templates.write("elsewhere/near.yaml", "near")
    templates.write("dags/far.yaml", "far")
    assert templates.render(path, "dags").text == "nearfar"


def test_an_undefined_variable_is_named_with_file_and_line(templates: Templates) -> None:
    path = templates.write("a.yaml", "one\ntwo: {{ nmae }}\n")
    message = templates.refused("a.yaml", name="x")
    assert f"{path}, line 2," in message
    assert "'nmae' is undefined" in message
    assert "2 | two: {{ nmae }}" in message
    assert "yaml_template_fields" in message


@pytest.mark.parametrize(
    ("other", "text"),
    [
        ("part.yaml", "{% include 'part.yaml' %}"),
        ("part.yaml", "{% extends 'part.yaml' %}"),
        ("part.yaml", "\n\n{% import 'part.yaml' as part %}"),
    ],
)
def test_an_undefined_variable_in_another_template_is_named_with_that_file(
    templates: Templates, other: str, text: str
) -> None:
    templates.write("a.yaml", text)
    path = templates.write(other, "x\n\ny: {{ missing }}\n")
    message = templates.refused("a.yaml")
    assert f"{path}, line 3," in message
    assert "'missing' is undefined" in message
    assert "3 | y: {{ missing }}" in message


def test_an_undefined_variable_in_a_block_of_a_child_is_named_with_the_child(templates: Templates) -> None:
    templates.write("parent.yaml", "x\nx\nx\nx\n{% block a %}{% endblock %}")
    path = templates.write("a.yaml", "{% extends 'parent.yaml' %}\n{% block a %}{{ missing }}{% endblock %}")
    assert f"{path}, line 2," in templates.refused("a.yaml")


def test_an_undefined_key_and_attribute_are_told(templates: Templates) -> None:
    templates.write("a.yaml", "{{ params.colour }}")
    assert "colour" in templates.refused("a.yaml", params={"color": 1})


@pytest.mark.parametrize("lenient", [jinja2.Undefined, jinja2.ChainableUndefined, jinja2.DebugUndefined])
def test_an_undefined_variable_is_an_error_though_the_base_environment_lets_it_pass(
    templates: Templates, lenient: type[jinja2.Undefined]
) -> None:
    templates.write("a.yaml", "x: {{ missing }}")
    environment = jinja2.Environment(undefined=lenient, autoescape=False)
    assert "'missing' is undefined" in templates.refused("a.yaml", environment=environment)
    assert environment.undefined is lenient


def test_a_default_and_a_test_for_definition_are_allowed(templates: Templates) -> None:
    templates.write("a.yaml", "{{ missing | default('d') }}{% if other is defined %}x{% endif %}")
    assert templates.render("a.yaml").text == "d"


@pytest.mark.parametrize(
    ("text", "line"), [("a\n{{ x", 2), ("{% if x %}\n", 1), ("{% nope %}", 1), ("\n\n{{ x | nofilter }}", 3)]
)
def test_invalid_jinja_is_told_with_file_and_line(templates: Templates, text: str, line: int) -> None:
    path = templates.write("a.yaml", text)
    message = templates.refused("a.yaml", x=1)
    assert f"{path}, line {line}, is not valid Jinja: " in message
    assert f"{line} | {text.splitlines()[line - 1]}" in message


def test_invalid_jinja_in_an_included_template_is_told_with_that_file(templates: Templates) -> None:
    templates.write("a.yaml", "{% include 'part.yaml' %}")
    path = templates.write("part.yaml", "a\nb\n{% endif %}")
    assert f"{path}, line 3, is not valid Jinja" in templates.refused("a.yaml")


@pytest.mark.parametrize("word", ["include", "extends"])
def test_a_missing_other_template_is_told_with_the_line_that_names_it(templates: Templates, word: str) -> None:
    path = templates.write("dags/a.yaml", f"x\n{{% {word} 'nope.yaml' %}}")
    message = templates.refused("a.yaml", "dags", "shared")
    assert f"{path}, line 2, names 'nope.yaml'" in message
    assert str(templates.root / "dags") in message
    assert str(templates.root / "shared") in message


def test_what_is_not_utf8_is_told_with_its_file(templates: Templates) -> None:
    path = templates.write("a.yaml", b"x: \xff\xfe\n")
    message = templates.refused("a.yaml")
    assert path in message
    assert "is not UTF-8" in message


def test_a_filter_that_raises_is_told_with_its_error_file_and_line(templates: Templates) -> None:
    def broken(value: str) -> str:
        raise RuntimeError(f"no good: {value}")

    environment = jinja2.Environment(autoescape=False)
    environment.filters["broken"] = broken
    path = templates.write("a.yaml", "x\n{{ 'v' | broken }}\n")
    message = templates.refused("a.yaml", environment=environment)
    assert f"{path}, line 2, cannot be rendered: RuntimeError: no good: v" in message
    assert "2 | {{ 'v' | broken }}" in message


def test_division_by_zero_is_told_as_it_is(templates: Templates) -> None:
    templates.write("a.yaml", "{{ 1 // n }}")
    assert "ZeroDivisionError" in templates.refused("a.yaml", n=0)


def test_filters_tests_globals_and_extensions_of_the_base_environment_are_available(templates: Templates) -> None:
    environment = jinja2.Environment(autoescape=False, extensions=["jinja2.ext.do"])
    environment.filters["shout"] = str.upper
    environment.tests["odd_name"] = lambda name: len(name) % 2 == 1
    environment.globals["company"] = "acme"
    templates.write(
        "a.yaml", "{% set x = [] %}{% do x.append(1) %}{{ 'a' | shout }}{{ 'a' is odd_name }}{{ company }}{{ x }}"
    )
    assert templates.render("a.yaml", environment=environment).text == "ATrueacme[1]"


def test_what_is_given_hides_a_global_of_the_same_name(templates: Templates) -> None:
    environment = jinja2.Environment(autoescape=False)
    environment.globals["x"] = "global"
    templates.write("a.yaml", "{{ x }}")
    assert templates.render("a.yaml", environment=environment, x="given").text == "given"


def test_the_base_environment_keeps_its_own_loader(templates: Templates) -> None:
    environment = jinja2.Environment(autoescape=False)
    templates.write("a.yaml", "x")
    templates.render("a.yaml", environment=environment)
    assert environment.loader is None


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ f.__globals__ }}",
        "{{ f.__code__.co_consts }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ ''['__cla' ~ 'ss__'] }}",
        "{{ '' | attr('__class__') }}",
    ],
)
def test_the_sandbox_refuses_the_ways_out_with_a_clear_error(templates: Templates, attack: str) -> None:
    path = templates.write("a.yaml", f"x\n{attack}\n")
    message = templates.refused("a.yaml", f=lambda: None)
    assert f"{path}, line 2," in message
    assert "unsafe" in message


def test_the_sandbox_holds_where_a_sandboxed_environment_is_lent(templates: Templates) -> None:
    templates.write("a.yaml", "{{ ''.__class__.__mro__ }}")
    lent = jinja2.sandbox.SandboxedEnvironment()
    assert "unsafe" in templates.refused("a.yaml", environment=lent)


HOSTILE = [
    *(
        "plain",
        "",
        " ",
        "it's",
        'say "hi"',
        "a\nb",
        "a\r\nb",
        "x\n---\nkind: Pod\n",
        "]\n---\nkind: Pod",
        '"]\nkind: Pod\n#',
    ),
    *(
        "{{ 7 * 7 }}",
        "{% raw %}",
        "# no comment",
        "&a *a",
        "yes",
        "1e3",
        "~",
        "<script>&'",
        "\\n",
        "\\",
        "\t",
        "\x00\x07",
    ),
    *("é", "\U0001f600", "\u2028", "\x85", "\x7f", "- a", "a: b", "!!python/name:os.system", "$HOME `id`", "%", "@x"),
]


@pytest.mark.parametrize("value", HOSTILE)
def test_tojson_keeps_a_hostile_value_inside_one_string(templates: Templates, value: str) -> None:
    templates.write("a.yaml", JOB)
    rendered = templates.render("a.yaml", value=value)
    manifest = Manifest.parse(rendered.text, rendered.source)
    (document,) = manifest.documents
    assert document["kind"] == "Job"
    assert document["spec"]["template"]["spec"]["containers"][0]["args"] == [value]
    assert Manifest.parse(manifest.text(), "again").documents == manifest.documents
    manifest.text().encode()  # a file can hold it


@pytest.mark.parametrize("value", [1, 1.5, True, None, ["a", 'b"'], {"k": "v\n"}])
def test_tojson_keeps_other_values_too(templates: Templates, value: object) -> None:
    templates.write("a.yaml", JOB)
    rendered = templates.render("a.yaml", value=value)
    job = Manifest.parse(rendered.text, rendered.source).job
    assert job["spec"]["template"]["spec"]["containers"][0]["args"] == [value]


@pytest.mark.parametrize("expression", ["nowhere", "{'a': [nowhere]}", "known.nowhere"])
def test_tojson_of_what_is_not_defined_names_it(templates: Templates, expression: str) -> None:
    file = templates.write("a.yaml", "\nx: {{ " + expression + " | tojson }}")
    with pytest.raises(TemplateError) as caught:
        templates.render("a.yaml", known={})
    assert f"{file}, line 2, uses what is not defined: " in str(caught.value)
    assert "nowhere" in str(caught.value).splitlines()[0]


def test_tojson_of_what_json_has_no_word_for_is_no_undefined_variable(templates: Templates) -> None:
    templates.write("a.yaml", "x: {{ thing | tojson }}")
    with pytest.raises(TemplateError, match="TypeError: Object of type object is not JSON serializable"):
        templates.render("a.yaml", thing=object())


def test_a_tojson_of_the_environments_own_stays(templates: Templates) -> None:
    environment = jinja2.Environment()
    environment.policies["json.dumps_function"] = lambda value, **_: f"<{value}>"
    rendered = Renderer([templates.root], {}, environment).render_text("{{ 1 | tojson }}", "a")
    assert rendered.text == "\\u003c1\\u003e"


def test_a_text_is_rendered_as_a_file_is(templates: Templates) -> None:
    templates.write("part.yaml", "part of {{ x }}")
    renderer = Renderer([templates.root], {"x": 1})
    assert renderer.render_text("{{ x }} {% include 'part.yaml' %}", "yaml") == Rendered("1 part of 1", "yaml")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a\nb: {{ missing }}", "'missing' is undefined"),
        ("a\n{% nope %}", "is not valid Jinja"),
        ("a\n{{ 1 // 0 }}", "ZeroDivisionError"),
        ("a\n{% include 'nope.yaml' %}", "names 'nope.yaml'"),
        ("a\n{{ ''.__class__ }}", "unsafe"),
    ],
)
def test_what_is_wrong_in_a_text_is_told_with_the_name_of_the_argument_and_the_line(
    templates: Templates, text: str, problem: str
) -> None:
    with pytest.raises(TemplateError) as caught:
        Renderer([templates.root], {}).render_text(text, "the_argument")
    assert "the_argument, line 2," in str(caught.value)
    assert problem in str(caught.value)
    assert f"2 | {text.splitlines()[1]}" in str(caught.value)


def test_trying_again_does_not_help_against_a_template_error() -> None:
    assert issubclass(TemplateError, InputError)


def test_the_module_works_without_anything_else_having_been_imported(templates: Templates) -> None:
    templates.write("a.yaml", "x: {{ x }}")
    program = (
        "import sys\n"
        "from kubectl_job_operator.manifest.template import Renderer\n"
        "print(Renderer([sys.argv[1]], {'x': 1}).render_file('a.yaml').text)\n"
        "assert 'airflow' not in sys.modules\n"
    )
    command = (sys.executable, "-c", program, str(templates.root))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("x: 1\n", "")


@pytest.mark.parametrize(
    "line",
    [
        "echo ${#names[@]}",
        "awk '{{print}}' x",
        "awk '{{print $1}}' x",
        "date +{%Y}",
        "docker ps --format '{{.Names}}'",
        "kubectl get -o go-template='{{.items}}'",
    ],
)
def test_what_is_meant_for_a_shell_or_awk_is_refused_with_its_cure(templates: Templates, line: str) -> None:
    path = templates.write("a.yaml", f"a: 1\nb: {line}\n")
    message = templates.refused("a.yaml")
    assert f"{path}, line 2, " in message
    assert "write {% raw %} before it and {% endraw %} behind it" in message
    cured = line.replace("{", "{% raw %}{", 1) + "{% endraw %}"
    templates.write("a.yaml", f"b: {cured}\n")
    assert templates.render("a.yaml").text == f"b: {line}\n"


def test_a_variable_that_nobody_set_is_not_taken_for_a_shells(templates: Templates) -> None:
    templates.write("a.yaml", "a: {{ who }}\n")
    assert "raw" not in templates.refused("a.yaml")
