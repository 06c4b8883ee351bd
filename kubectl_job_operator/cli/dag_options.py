"""The options by which templates are found through a DAG."""

from __future__ import annotations

import argparse


def add_dag_options(parser: argparse.ArgumentParser) -> None:
    """Add how templates are found through the DAG that has them."""
    group = parser.add_argument_group("Templates of a DAG")
    group.add_argument(
        "--dag",
        dest="dags",
        metavar="FILE",
        action="append",
        default=[],
        help="the file of a DAG, or a folder with such files: its tasks' templates, with the variables, filters, "
        "search path and arguments that they have there. Needs Airflow. Can be given again",
    )
    group.add_argument("--task", metavar="ID", help="only this task, as TASK or DAG.TASK")
