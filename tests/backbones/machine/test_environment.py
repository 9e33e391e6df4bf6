"""What a result says of the machine it was made on."""

import json
import subprocess
import sys

from backbones.machine.environment import environment


def test_environment_names_the_machine_without_importing_torch():
    code = (
        "import sys; from backbones.machine.environment import environment; environment()\n"
        "print('torch' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
    machine = environment()
    assert machine["cores"] >= 1
    assert {"numpy", "torch"} <= machine["packages"].keys()
    json.dumps(machine, allow_nan=False)
