from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from ozora.server.settings import VARIABLE, Settings, environment, in_folder


def test_settings_survive_the_way_to_a_child(tmp_path: Path) -> None:
    settings = dataclasses.replace(in_folder(tmp_path), private_hosts=("10.0.0.1",), workers=3)
    assert Settings.from_dict(json.loads(environment(settings)[VARIABLE])) == settings


def test_a_folder_holds_database_and_files(tmp_path: Path) -> None:
    settings = in_folder(tmp_path)
    assert settings.database == f"sqlite:///{tmp_path}/ozora.db"
    assert settings.data == f"{tmp_path}/files"
