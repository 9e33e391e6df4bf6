"""Runs in the environment of one tool: writes and reads what is asked, and prints it as JSON.

`run.py NAME FILE`: the driver, and a JSON list of {"do", "form", "root", "scene"}. An answer is
what was read, or {"refused": why}.
"""

import contextlib
import importlib
import io
import json
import logging
import os
import sys
import warnings
from pathlib import Path


def main(name, file):
    driver = importlib.import_module(name)
    print(json.dumps([answer(driver, job) for job in json.loads(Path(file).read_text())]))


def answer(driver, job):
    call = getattr(driver, f"{job['do']}_{job['form']}")
    here = os.getcwd()
    os.chdir(job["root"])
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            given = [job["scene"]] if job["do"] == "write" else []
            return call(*given, Path(job["root"]))
    except (Exception, SystemExit) as error:
        return {"refused": f"{type(error).__name__}: {error}"[:300]}
    finally:
        os.chdir(here)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    main(*sys.argv[1:])
