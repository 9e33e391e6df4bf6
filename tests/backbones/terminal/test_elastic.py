"""torchrun's own reader of error files shows what a tool said."""

from datetime import datetime

from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure

from backbones.terminal.elastic import ERROR_FILE, report_fault


def test_the_summary_of_torchrun_says_what_the_tool_said(tmp_path, monkeypatch):
    file = tmp_path / "error.json"
    monkeypatch.setenv(ERROR_FILE, str(file))
    report_fault("error: SOLVER.MAX_ITER must be > 0, got -1")
    failure = ProcessFailure(local_rank=0, pid=1, exitcode=2, error_file=str(file))
    told = ChildFailedError("train", {0: failure}).format_msg()
    assert "traceback : error: SOLVER.MAX_ITER must be > 0, got -1\n" in told
    assert "errors.html" not in told
    assert abs(failure.timestamp - datetime.now().timestamp()) < 60


def test_without_torchrun_or_its_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.delenv(ERROR_FILE, raising=False)
    report_fault("error")
    monkeypatch.setenv(ERROR_FILE, str(tmp_path / "gone" / "error.json"))
    report_fault("error")
    assert list(tmp_path.iterdir()) == []
