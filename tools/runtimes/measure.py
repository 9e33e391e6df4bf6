"""What each runtime makes of the file that it is given, against torch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from backbones.images.decoding import Image
from backbones.machine.versions import version
from resdet.export import trial
from resdet.export.detector import graph_of
from resdet.export.form import Form
from resdet.export.pairing import Difference
from tools.runtimes.detector import FORMS, Made
from tools.runtimes.environments import DRIVERS, command
from tools.runtimes.runtimes import Runtime
from tools.runtimes.served import Refused, Served

TORCH = [sys.executable, str(DRIVERS / "serve.py"), "resdet"]
_ROUNDS = 5
Pictures = Mapping[str, Image]


class Bench:
    """`made` is shown to runtimes, the `usual` pictures in turn with torch, whose process waits."""

    def __init__(self, made: Made, usual: Pictures, strange: Pictures) -> None:
        self.torch = Served(TORCH, made.checkpoint)
        self._made, self._usual, self._strange = made, usual, strange

    def measured(self, runtime: Runtime, environments: Path) -> dict[str, Any]:
        """What is known of one; `why` tells what is not: it is not here, or refuses the file."""
        number = runtime.tool.version or version(runtime.tool.package)
        told = {"form": runtime.form, "version": number, "remark": runtime.remark}
        try:
            asked = command(environments, runtime)
        except (OSError, subprocess.CalledProcessError) as error:
            return {**told, "loads": None, "why": f"not installed: {error}"}
        form = FORMS.get(runtime.form, FORMS["onnx"])
        try:
            with Served(asked, self._made.files[runtime.form]) as served:
                return {**told, "loads": True, **self._tried(form, served)}
        except Refused as error:
            return {**told, "loads": False, "why": str(error)}

    def _tried(self, form: Form, served: Served) -> dict[str, Any]:
        """The usual pictures for their speed, then all of them twice by the same session."""
        try:
            told = self._speed(form, served)
        except Refused as error:
            return {"runs": False, "why": str(error)}
        detector = self._made.detector
        graph, rows, refused = graph_of(detector, form), list[trial.Row](), dict[str, str]()
        for named in [*self._usual.items(), *self._strange.items()] * 2:
            try:
                rows += trial.differences(detector, form, graph, served, iter([named]))
            except Refused as error:
                refused[named[0]] = str(error)
        told |= worst([difference for _, _, difference in rows])
        return {"runs": True, **told, "refused": refused}

    def _speed(self, form: Form, served: Served) -> dict[str, float]:
        """Processor seconds of torch over the runtime's, the least of the rounds."""
        ours = theirs = 0.0
        for picture in self._usual.values():
            given = form.given(self._made.detector, [picture])
            taken = []
            for _ in range(1 + _ROUNDS):
                self.torch(picture)
                served(given)
                taken.append((self.torch.seconds, served.seconds))
            least = [min(times) for times in zip(*taken)]
            ours, theirs = ours + least[0], theirs + least[1]
        return {"as_fast_as_torch": ours / theirs, "peak_megabytes": served.peak_megabytes}


def worst(rows: Sequence[Difference]) -> dict[str, float]:
    """Of all pictures: how many detections agree, how far apart, how many are without another."""
    return {
        "pairs": sum(row.pairs for row in rows),
        "box": max((row.box for row in rows), default=0.0),
        "score": max((row.score for row in rows), default=0.0),
        "alone": sum(row.alone for row in rows),
        "at_limit": sum(row.at_limit for row in rows),
    }
