from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from recorded_program import run

import model
from model.expr import Number
from obs.isolation import CHECKOUT, own_modules
from obs.record import ProgramError

READS = "from model.expr import Number\nvalue = Number(1.0)\n"


def copy_of_the_model(directory: Path) -> Path:
    shutil.copytree(CHECKOUT / "model", directory / "model", ignore=shutil.ignore_patterns("__pycache__"))
    return directory


def test_the_checkouts_own_program_shares_the_modules_that_are_imported() -> None:
    before = dict(sys.modules)
    with own_modules(CHECKOUT):
        assert sys.modules == before
        from model.expr import Number as during
    assert during is Number


def test_a_copy_in_another_directory_runs_its_own_modules(tmp_path: Path) -> None:
    file = copy_of_the_model(tmp_path) / "model" / "expr.py"
    file.write_text(file.read_text() + "\nBROKEN = True\n")
    recording = run(tmp_path, READS, "from model import expr", "broken = expr.BROKEN", "place = expr.__file__")
    assert recording.namespace["broken"] is True
    assert recording.namespace["place"] == str(file)
    assert not isinstance(recording.namespace["value"], Number)


def test_a_module_that_a_copy_lacks_is_not_taken_from_the_checkout(tmp_path: Path) -> None:
    copy_of_the_model(tmp_path).joinpath("model", "expr.py").unlink()
    with pytest.raises(ProgramError, match=r"No module named 'model\.expr'"):
        run(tmp_path, READS)


def test_the_checkouts_modules_come_back_after_a_copy_ran(tmp_path: Path) -> None:
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "model"}
    run(copy_of_the_model(tmp_path), READS)
    after = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "model"}
    assert after == before
    assert sys.modules["model"] is model


def test_the_modules_come_back_after_a_program_that_fails(tmp_path: Path) -> None:
    with pytest.raises(ProgramError):
        run(copy_of_the_model(tmp_path), READS, "1 / 0")
    assert sys.modules["model.expr"].Number is Number


def test_two_programs_with_a_module_of_one_name_each_run_their_own(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "parts").mkdir(parents=True)
        (tmp_path / name / "parts" / "which.py").write_text(f"NAME = {name!r}\n")
        recording = run(tmp_path / name, "from parts.which import NAME")
        assert recording.namespace["NAME"] == name
    assert "parts" not in sys.modules


def test_an_edited_module_is_read_again_and_no_bytecode_is_left(tmp_path: Path) -> None:
    # Same length and same second: compiled bytecode would be taken for current.
    for value in ("1", "2", "3"):
        (tmp_path / "spare.py").write_text(f"VALUE = {value}\n")
        assert run(tmp_path, "from spare import VALUE").namespace["VALUE"] == int(value)
    assert not list(tmp_path.rglob("*.pyc"))


def test_a_late_import_finds_the_programs_own_module(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text("OWN = True\n")
    late = "def late(_):\n    import settings\n    return settings.OWN\n"
    recording = run(tmp_path, "import pulumi", late, 'pulumi.export("own", pulumi.Output.from_input(1).apply(late))')
    assert recording.outputs == {"own": True}


def test_a_program_elsewhere_may_use_the_checkouts_modules_where_it_has_none_itself(tmp_path: Path) -> None:
    recording = run(tmp_path, READS)
    assert recording.namespace["value"].value == 1.0
    assert type(recording.namespace["value"]).__module__ == "model.expr"


def test_installed_packages_and_obs_stay_imported(tmp_path: Path) -> None:
    import pulumi

    import obs.record

    program = "import sys, pulumi", 'kept = (pulumi, sys.modules["obs.record"])', 'hidden = "model" not in sys.modules'
    namespace = run(tmp_path, *program).namespace
    assert namespace["kept"] == (pulumi, obs.record)
    assert namespace["hidden"] is True
