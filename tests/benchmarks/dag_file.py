"""What Airflow's DAG processor does with a DAG's file."""

from __future__ import annotations

from pathlib import Path

from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization


def read_and_write(file: Path, tasks: int) -> None:
    """Read the file, and write its DAG as it goes into the database."""
    bag = DagBag(dag_folder=str(file))
    if bag.import_errors:
        raise ValueError(bag.import_errors)
    (dag,) = bag.dags.values()
    if len(dag.tasks) != tasks:
        raise ValueError(f"{file} has {len(dag.tasks)} tasks")
    DagSerialization.to_dict(dag)
