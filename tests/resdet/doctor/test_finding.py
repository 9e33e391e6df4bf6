"""A look that fails becomes a finding."""

from resdet.doctor.finding import Finding, guarded


def test_what_breaks_is_a_finding():
    def check():
        yield Finding("x", "ok", "begins")
        raise OSError("libGL.so.1: cannot\nopen")

    first, second = guarded("x", check)
    assert first.text == "begins"
    assert (second.level, second.command) == ("error", "pip check")
    assert second.text == "broken: OSError: libGL.so.1: cannot open"
