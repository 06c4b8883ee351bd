"""Two Airflows are told apart by what each has for itself; one Airflow is always the same."""

from __future__ import annotations

import pytest

from kubectl_job_operator.airflow import installation as home
from kubectl_job_operator.airflow.installation import installation


def one_with(monkeypatch: pytest.MonkeyPatch, **settings: str) -> str:
    """Return what an Airflow with these settings is called."""
    names = {
        "key": "AIRFLOW__CORE__FERNET_KEY",
        "api": "AIRFLOW__API__BASE_URL",
        "web": "AIRFLOW__WEBSERVER__BASE_URL",
        "database": "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
        "said": "AIRFLOW__KUBECTL_JOB_OPERATOR__INSTALLATION",
    }
    with monkeypatch.context() as patch:
        for setting, name in names.items():
            patch.delenv(name, raising=False)
            if setting in settings:
                patch.setenv(name, settings[setting])
        return installation()


def test_another_key_or_address_is_another_airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    some = [{}, {"key": "a"}, {"key": "b"}, {"api": "https://blue"}, {"key": "a", "api": "https://blue"}]
    assert len({one_with(monkeypatch, **one) for one in some}) == len(some)


def test_the_address_is_found_where_airflow_2_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert one_with(monkeypatch, web="https://blue") != one_with(monkeypatch)


def test_the_same_settings_are_the_same_airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    assert one_with(monkeypatch, key="a", api="x") == one_with(monkeypatch, key="a", api="x")


def test_while_keys_are_exchanged_it_stays_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    assert one_with(monkeypatch, key="old") == one_with(monkeypatch, key="new,old")


def test_an_airflow_2_without_a_key_is_told_by_its_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "workers_know_the_database", lambda: True)
    blue, green = "sqlite:////srv/blue/airflow.db", "postgresql://u:p@db.example/green"
    assert one_with(monkeypatch, database=blue) != one_with(monkeypatch, database=green)
    assert one_with(monkeypatch, database=green) == one_with(monkeypatch, database=green.replace("u:p", "v:q"))
    assert one_with(monkeypatch, database=blue, key="a") == one_with(monkeypatch, database=green, key="a")


def test_an_airflow_3_is_not_told_by_its_database_of_which_a_worker_knows_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(home, "workers_know_the_database", lambda: False)
    assert one_with(monkeypatch, database="sqlite:////srv/blue/airflow.db") == one_with(monkeypatch)


def test_the_setting_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    assert one_with(monkeypatch, said="production", key="a") == "production"


def test_the_key_itself_is_not_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "secret" not in one_with(monkeypatch, key="secret")
